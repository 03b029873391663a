"""What an article is about, in words of its own, and whom and what to ask it about."""
