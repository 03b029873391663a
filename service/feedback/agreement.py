"""Where people agree about a text, where they do not, and what a correction has changed.

What a person says of a part of the answer holds until that person says otherwise. Two people who
hold different views of the topic, of the second topics, or of the stance toward one target, dispute
it. Summaries are never alike, and no dispute.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any

from service.feedback.store import FeedbackRecord

Part = tuple[str, str | None]
"""What a view is about: `topic`, `also`, `summary`, or the `stance` toward a target."""
Views = dict[Part, FeedbackRecord]
"""The correction that holds for each part."""

TOPIC: Part = ("topic", None)
ALSO: Part = ("also", None)
SUMMARY: Part = ("summary", None)


def views(records: Iterable[FeedbackRecord]) -> dict[tuple[str, str], Views]:
    """The views that each person holds of one text, from corrections, the oldest first."""
    held: dict[tuple[str, str], Views] = defaultdict(dict)
    for record in records:
        theirs = held[record.owner, record.by]
        if record.topic:  # the second topics are those of the last topic
            theirs.pop(ALSO, None)
        theirs |= dict.fromkeys(parts(record), record)
    return held


def disputed(records: Iterable[FeedbackRecord]) -> set[str]:
    """The corrections that hold a view that is disputed, from those of any texts, oldest first."""
    return {record.id for each in by_text(records).values() for record in _disputed(each)}


def by_text(records: Iterable[FeedbackRecord]) -> dict[str, list[FeedbackRecord]]:
    """The corrections of each text, by its digest."""
    found: dict[str, list[FeedbackRecord]] = defaultdict(list)
    for record in records:
        found[record.digest].append(record)
    return found


def parts(record: FeedbackRecord) -> Mapping[Part, Hashable]:
    """What a correction says, part by part."""
    said: dict[Part, Hashable] = {("stance", target): to for target, to in record.stances.items()}
    if record.topic:
        said[TOPIC] = record.topic
    if record.also:
        said[ALSO] = frozenset(record.also)
    if record.summary:
        said[SUMMARY] = record.summary
    return said


def changes(record: FeedbackRecord) -> Iterator[tuple[str, str]]:
    """Each task that is corrected, and whether that changed the answer: yes, no or unknown."""
    before = record.answered or {}
    stances = {one["target"]: one["label"] for one in before.get("stance", ())}
    if record.topic:
        yield "topic", _changed(before, "topic", record.topic)
    for target, label in record.stances.items():
        yield "stance", _changed(stances, target, label)
    if record.summary:
        yield "summary", _changed(before, "summary", record.summary)


def _changed(before: Mapping[Any, Any], name: str | None, now: str) -> str:
    if name not in before:
        return "unknown"
    return "no" if before[name] == now else "yes"


def _disputed(records: Iterable[FeedbackRecord]) -> Iterator[FeedbackRecord]:
    """The same for one text."""
    held: dict[Part, list[FeedbackRecord]] = defaultdict(list)
    for each in views(records).values():
        for part, record in each.items():
            held[part].append(record)
    for part, holding in held.items():
        if part != SUMMARY and len({parts(record)[part] for record in holding}) > 1:
            yield from holding
