"""Corrections as labelled rows: one for each text and each person, with all that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import zip_longest
from typing import Any

from service.feedback.agreement import ALSO, SUMMARY, TOPIC, Views, by_text, disputed, views
from service.feedback.store import FeedbackRecord, Stances

COLUMNS: Mapping[str, type] = {
    "id": str,
    "text": str,
    "title": str,
    "topic": str,
    "also": list,
    "overall": str,
    "targets": list,
    "stances": list,
    "summary": str,
    "by": str,
    "date": str,
}
"""Those that training reads. `overall` is the stance toward the article's own subject."""
PAIR_COLUMNS: Mapping[str, type] = dict.fromkeys(
    (
        "id", "text", "title", "topic", "also", "overall", "target", "stance", "summary", "by",
        "date",
    ),
    str,
)  # fmt: skip
"""The same without lists."""


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """What a person says of a text. The stance toward None is that toward its own subject."""

    id: str
    text: str
    title: str | None
    topic: str | None
    also: tuple[str, ...]
    stances: Stances
    summary: str | None
    by: str
    date: str

    @property
    def of_targets(self) -> dict[str, str]:
        """The stances without that toward the article's own subject."""
        return {target: label for target, label in self.stances.items() if target is not None}

    @property
    def topics(self) -> list[str]:
        """All topics, the main one first."""
        return [self.topic, *self.also] if self.topic else []

    def record(self) -> dict[str, Any]:
        """The row under COLUMNS."""
        return {
            **self._shared(),
            "also": list(self.also),
            "overall": self.stances.get(None),
            "targets": list(self.of_targets.keys()),
            "stances": list(self.of_targets.values()),
        }

    def pairs(self) -> Iterator[dict[str, Any]]:
        """Rows under PAIR_COLUMNS: one for each stance and each second topic, and at least one."""
        stances = self.of_targets.items() or [(None, None)]
        for also, stance in zip_longest(self.also, stances, fillvalue=None):
            target, label = stance or (None, None)
            pair = {"also": also, "target": target, "stance": label}
            yield {**self._shared(), "overall": self.stances.get(None), **pair}

    def _shared(self) -> dict[str, Any]:
        names = ("id", "text", "title", "topic", "summary", "by", "date")
        return {name: getattr(self, name) for name in names}


def rows(records: Iterable[FeedbackRecord], *, with_disputed: bool) -> Iterator[LabelledRow]:
    """The rows of corrections, which come the oldest first; without those that are disputed."""
    for of_text in by_text(records).values():
        in_dispute = disputed(of_text)
        for held in views(of_text).values():
            if with_disputed or not any(each.id in in_dispute for each in held.values()):
                yield _row(held)


def _row(held: Views) -> LabelledRow:
    newest = max(held.values(), key=lambda record: record.id)
    return LabelledRow(
        id=newest.id,
        text=newest.text,
        title=next((record.title for record in held.values() if record.title), None),
        topic=held[TOPIC].topic if TOPIC in held else None,
        also=held[ALSO].also if ALSO in held else (),
        stances={
            target: record.stances[target]
            for (task, target), record in held.items()
            if task == "stance"
        },
        summary=held[SUMMARY].summary if SUMMARY in held else None,
        by=newest.by,
        date=datetime.fromtimestamp(newest.created_s, UTC).date().isoformat(),
    )
