"""What is boilerplate on a page: why a span goes unread, and the shape of a language's rules.

The rules themselves are in the language's folder, such as `models.text.english.boilerplate`. They
are written for `models.text.patterns`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from models.text.patterns import Pattern, compiled

ENDING_CHARS = 120
SENTENCE_ENDING_CHARS = 60
"""How much of the end of a paragraph, or of a sentence, is searched for an ending."""


class Reason(StrEnum):
    """Why a span was left unread."""

    NAVIGATION = "navigation"
    TITLE = "title"
    BYLINE = "byline"
    DATELINE = "dateline"
    CAPTION = "caption"
    CREDIT = "credit"
    PLAYER = "player"
    ADVERTISEMENT = "advertisement"
    NEWSLETTER = "newsletter"
    SHARE = "share"
    RELATED = "related"
    COOKIES = "cookies"
    LICENCE = "licence"
    LINK = "link"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class BoilerplateRules:
    """The rules of one language. The patterns of whole texts are made by `table`.

    `paragraphs` are whole paragraphs; `at_edges` too, but only before the first prose or beside
    other boilerplate; `endings` end a caption; `sentences` are whole paragraphs or sentences, and
    `sentence_endings` end one, unless they report something (`reports`).

    `openings` stand before a sentence, run together with it, and begin with one of
    `opening_starts`; `brackets` stand inside prose; of both the first group goes. `datelines` open
    an article; the place, their first group, holds none of `agency_words`.

    The line below one of `caption_labels` is a caption. An ending with the word `caption` is a
    caption's whatever stands before it, and so is a sentence that ends with `glued_caption`.
    """

    paragraphs: Pattern
    at_edges: Pattern
    endings: Pattern
    sentences: Pattern
    sentence_endings: Pattern
    opening_starts: tuple[str, ...]
    openings: tuple[tuple[Reason, Pattern], ...]
    brackets: tuple[tuple[Reason, Pattern], ...]
    datelines: tuple[Pattern, ...]
    agency_words: frozenset[str]
    reports: Pattern
    caption_labels: frozenset[str]
    caption: str
    glued_caption: str


def table(rules: Mapping[Reason, tuple[str, ...]], before: str, after: str) -> Pattern:
    """One pattern for all rules of a scope. The name of the group that matched is the reason."""
    groups = (f"(?P<{reason.value}>{'|'.join(rules[reason])})" for reason in rules)
    return compiled(f"(?i){before}(?:{'|'.join(groups)}){after}")
