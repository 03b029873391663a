"""The stance of an article toward its own subject, or toward targets that are named."""
