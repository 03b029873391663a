"""The summary: which sentences, and in which words."""
