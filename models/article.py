"""What comes in: an article and what is asked of it, with the limits that both have."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MAX_TITLE_CHARS = 1000
MAX_TARGETS = 20
MAX_TARGET_CHARS = 500
MIN_SUMMARY_WORDS, MAX_SUMMARY_WORDS = 10, 300


class Style(StrEnum):
    """How a summary is made: `written` anew, or `extractive`: the article's sentences."""

    WRITTEN = "written"
    EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of an article.

    `tasks` are names of tasks; None asks for all that the model has. Without `targets` the stance
    is the article's toward its own subject. `max_words` bounds the summary. `clean` removes page
    furniture. `strict` refuses an article that is longer than the model reads, instead of reading
    its beginning and saying so.
    """

    targets: tuple[str, ...] = ()
    tasks: frozenset[str] | None = None
    style: Style = Style.WRITTEN
    max_words: int = 60
    clean: bool = True
    strict: bool = False

    def asks(self, task: str) -> bool:
        """Whether a task is asked for."""
        return self.tasks is None or task in self.tasks


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its `text`, or the `html` of the page it stands on (exactly one of them)."""

    text: str | None = None
    title: str | None = None
    html: str | None = None
    options: Options = field(default_factory=Options)
