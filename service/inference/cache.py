"""Answers kept for articles that are sent again: the same content, options and model."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from models.analysis import Analysis
from models.article import Article


class Cache:
    """At most `max_items` analyses, the least recently used given up first. None is kept at 0."""

    def __init__(self, max_items: int) -> None:
        self._max_items = max_items
        self._analyses: OrderedDict[bytes, Analysis] = OrderedDict()

    def key(self, article: Article, model_digest: str) -> bytes | None:
        """The key of an article's analysis by a model; None where nothing is kept."""
        if not self._max_items:
            return None
        options = article.options
        asked = (sorted(options.tasks or ()), options.targets, options.style, options.max_words)
        how = (options.clean, options.strict)
        content = (article.text, article.title, article.html, asked, how, model_digest)
        return hashlib.sha256(repr(content).encode()).digest()

    def get(self, key: bytes | None) -> Analysis | None:
        """What is kept under a key."""
        if key is None or key not in self._analyses:
            return None
        self._analyses.move_to_end(key)
        return self._analyses[key]

    def put(self, key: bytes | None, analysis: Analysis) -> None:
        """Keep an analysis."""
        if key is None:
            return
        self._analyses[key] = analysis
        self._analyses.move_to_end(key)
        if len(self._analyses) > self._max_items:
            self._analyses.popitem(last=False)
