"""What an article is about: one label of a fixed set."""
