"""Words as they are compared, and which of them carry content."""

from __future__ import annotations

import re

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
