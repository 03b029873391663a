"""Texts and pages: what of a text is the article, and where its sentences are. No torch.

A language is a folder such as `english`, which is registered here.
"""

from models.text.english import ENGLISH
from models.text.language import register

register(ENGLISH)
