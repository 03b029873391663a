"""The few words that the writer has of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.text.words import is_content

END = 0
"""The writer's own word 0: the end of the sentence."""


class OwnWords:
    """The words that the writer may use without copying; word 0 ends the sentence.

    One that carries content may be used only where the article holds it, so what is written
    brings in no content of its own.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def index(self) -> dict[str, int]:
        return {word: index for index, word in enumerate(self.words) if index}

    @cached_property
    def _free(self) -> NDArray[np.bool_]:
        return np.array([not index or not is_content(w) for index, w in enumerate(self.words)])

    def allowed(self, article_words: Iterable[str]) -> NDArray[np.bool_]:
        """Which own words may be used for an article of these normal words: (G,)."""
        held = self._free.copy()
        held[[self.index[word] for word in set(article_words) & self.index.keys()]] = True
        return held
