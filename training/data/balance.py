"""How many rows to train on the labels have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from training.data.names import folded, shown

MIN_ROWS = 20
"""A label with fewer rows to train on is hardly learned."""
MAX_RATIO = 20
"""A label with so many times the rows of another is unduly likely."""
SHOWN_LABELS = 10


def unbalanced(counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """What is wrong with the rows of labels: its kind, and in words."""
    few = {label: count for label, count in counts.items() if count < MIN_ROWS}
    if few:
        yield "few-rows", _few_rows(few, len(counts))
    enough = {label: count for label, count in counts.items() if count >= MIN_ROWS}
    if enough and max(enough.values()) >= MAX_RATIO * min(enough.values()):
        most, least = (pick(enough, key=enough.__getitem__) for pick in (max, min))
        yield (
            "imbalance",
            f"{shown(most)} has {enough[most] / enough[least]:.0f} times as many rows to train on "
            f"as {shown(least)}; per_topic or per_stance evens them out",
        )


def _few_rows(few: Mapping[str, int], labels: int) -> str:
    """That labels have few rows, the rarest of them that have any first."""
    there = sorted(((count, name) for name, count in few.items() if count))
    listed = [f"{shown(name)} {count}" for count, name in there[:SHOWN_LABELS]]
    listed += ["…"] * (len(there) > SHOWN_LABELS)
    none = len(few) - len(there)
    listed += [f"{none} with none"] * (none > 0)
    return (
        f"{len(few)} of {labels} labels have fewer than {MIN_ROWS} rows to train on: "
        f"{', '.join(listed)}; add some, or train with fewer labels"
    )


def spelt_twice(column: str, labels: Iterable[str]) -> Iterator[str]:
    """Labels that a label set would read as one, in words."""
    for _, group in groupby(sorted(labels, key=lambda label: (folded(label), label)), folded):
        same = list(group)
        if len(same) > 1:
            yield (
                f"the {column} is written in {len(same)} ways, as {shown(same[0])} and "
                f"{shown(same[1])}; with a labels file they are one label"
            )
