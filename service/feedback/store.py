"""What is kept of feedback, and what the service asks of the place that keeps it.

Texts, answers and corrections erase themselves when they are as old as the place allows: what is
older is never read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from service.feedback.correction import Correction

Stances = Mapping[str | None, str]
"""A label for each target; None is the article's own subject."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: the name of a key (empty without keys), and whether it may see what others sent."""

    owner: str
    sees_all: bool = False


OPERATOR = Viewer("")
EVERYTHING = Viewer("", sees_all=True)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer to keep, as JSON shows it, with the text that it is about.

    `margin` is how far the likeliest topic is ahead of the next, and 1 less where it was withheld;
    None where no topic was asked for.
    """

    owner: str
    request_id: str
    text: str
    title: str | None
    answer: Mapping[str, Any]
    margin: float | None


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """A correction as it is stored.

    `digest` is that of its text, the same for all owners. `text` may be its opening alone.
    `answered` is what the model had said: `model`, and of `topic`, `stance` and `summary` what was
    asked for; None where no answer was kept.
    """

    id: str
    owner: str
    by: str
    request_id: str | None
    digest: str
    text: str
    title: str | None
    topic: str | None
    also: tuple[str, ...]
    stances: Stances
    summary: str | None
    note: str | None
    answered: Mapping[str, Any] | None
    created_s: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A kept answer that nobody has corrected. `text` is its opening, `chars` its whole length."""

    request_id: str
    owner: str
    text: str
    chars: int
    title: str | None
    answer: Mapping[str, Any]
    created_s: float

    @property
    def is_withheld(self) -> bool:
        return bool(self.answer["topic"]["abstained"])


def digest_of(text: str) -> str:
    """What two corrections of one text have in common."""
    return hashlib.sha256(text.encode()).hexdigest()


class FeedbackStore(Protocol):
    """The feedback. The methods block, are safe in any thread, and raise DatabaseUnreachable."""

    @property
    def retention_s(self) -> float:
        """How long anything is kept."""

    def keep(self, answers: Sequence[KeptAnswer]) -> None:
        """Keep answers. One with the request id of an older one takes its place."""

    def add(self, viewer: Viewer, correction: Correction) -> FeedbackRecord | None:
        """Keep a correction. None where it is of an answer that is not kept."""

    def page(self, viewer: Viewer, limit: int, after: str | None = None) -> list[FeedbackRecord]:
        """Corrections with the openings of their texts, the newest first, from behind `after`."""

    def of_texts(self, viewer: Viewer, digests: Collection[str]) -> list[FeedbackRecord]:
        """All corrections of some texts, the oldest first, without the texts."""

    def all(self) -> Iterator[FeedbackRecord]:
        """All corrections with their texts, the oldest first."""

    def erase(self, viewer: Viewer, feedback: str) -> bool:
        """Erase a correction, and its text and answers unless others corrected it too."""

    def erase_person(self, viewer: Viewer, by: str) -> int:
        """Erase all that a person corrected, in the same way. Returns how many it were."""

    def erase_expired(self) -> int:
        """Erase what is too old. Returns how many answers and corrections it were."""

    def candidates(self, viewer: Viewer, limit: int) -> list[Candidate]:
        """The answers with the least margins, one a text, without those that were corrected."""
