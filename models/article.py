"""What comes in: an article and what is asked of it, with the limits that both have."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MAX_TITLE_CHARS = 1000
MAX_TARGETS = 20
MAX_TARGET_CHARS = 500
MIN_SUMMARY_WORDS, MAX_SUMMARY_WORDS = 10, 300


class Task(StrEnum):
    """What can be asked of an article."""

    TOPIC = "topic"
    STANCE = "stance"
    SUMMARY = "summary"


class Style(StrEnum):
    """How a summary is made: `written` anew, or `extractive`: the article's sentences."""

    WRITTEN = "written"
    EXTRACTIVE = "extractive"


ALL_TASKS = frozenset(Task)


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of an article.

    Without `targets` the stance is the article's toward its own subject. `max_words` bounds the
    summary. `clean` leaves boilerplate unread. `strict` refuses an article that is longer than the
    model reads, instead of reading its beginning and saying so.
    """

    targets: tuple[str, ...] = ()
    tasks: frozenset[Task] = ALL_TASKS
    style: Style = Style.WRITTEN
    max_words: int = 60
    clean: bool = True
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its `text`, or the `html` of the page it stands on (exactly one of them)."""

    text: str | None = None
    title: str | None = None
    html: str | None = None
    options: Options = field(default_factory=Options)
