"""What an article says for or against targets, or its own subject."""
