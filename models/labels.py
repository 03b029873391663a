"""Labels: data of the artifact, not code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

UNRELATED = "unrelated"
"""The stance of an article that has nothing to do with a target; a label set may do without."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its name in answers, its code in a public vocabulary, what it means, and the label
    that it is a part of, which need not be one that the model tells."""

    name: str
    code: str | None = None
    definition: str = ""
    parent: str | None = None

    def __post_init__(self) -> None:
        texts = (self.name, self.definition, self.code or "", self.parent or "")
        if not self.name or not all(isinstance(text, str) for text in texts):
            raise ValueError("a label has a name; its code, definition and parent are text too")


def read_labels(data: Iterable[Mapping[str, Any]]) -> tuple[Label, ...]:
    """Labels from JSON. Raises TypeError or ValueError."""
    return tuple(Label(**label) for label in data)


def check_distinct(labels: Sequence[Label]) -> None:
    """Raises ValueError for a set that no head can tell apart."""
    names = [label.name for label in labels]
    if len(set(names)) != len(names) or len(names) < 2:
        raise ValueError(f"labels must be two or more and distinct, got {names}")


def check_some_of(names: Sequence[str], labels: Sequence[Label]) -> None:
    """Raises ValueError for names that are none of the labels, or for no names."""
    unknown = set(names) - {label.name for label in labels}
    if unknown or not names:
        raise ValueError(f"overall stances are some of the stances; unknown: {sorted(unknown)}")
