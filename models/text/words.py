"""Words as they are compared, and which of them carry content."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.text.english import ENGLISH
from models.text.language import Language

# An abbreviation, a number with its marks, a word with inner marks, or a mark.
WORD = re.compile(
    r"(?:[^\W\d_]\.){2,}"
    r"|[$£€]?\d++(?:[.,:/]\d++)*+(?:[-–]?[^\W_]++)*+%?"
    r"|[^\W_]++(?:(?:['’&-]|\.(?=[a-z]))[^\W_]++)*+"
    r"|[^\w\s]"
)


def normal(word: str) -> str:
    """A word as it is compared: lower case, straight apostrophes."""
    return word.lower().replace("’", "'")


def normal_words(text: str) -> list[str]:
    """The words and marks of a text as they are compared, in order."""
    return [normal(match.group()) for match in WORD.finditer(text)]


def is_content(word: str, language: Language = ENGLISH) -> bool:
    """Whether a normal word carries content: a number, or a word that is no function word."""
    return any(char.isalnum() for char in word) and word not in language.function_words


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
