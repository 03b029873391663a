"""Texts and pages: what of a text is the article, and where its sentences are. No torch."""
