"""The label sets: data of the artifact, not code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

UNRELATED = "unrelated"
"""The stance of an article that has nothing to do with a target; a label set may do without."""


@dataclass(frozen=True, slots=True)
class Label:
    """One label: its name in answers, its code in a public vocabulary, what it means."""

    name: str
    code: str | None = None
    definition: str = ""

    def __post_init__(self) -> None:
        texts = (self.name, self.definition, self.code or "")
        if not self.name or not all(isinstance(text, str) for text in texts):
            raise ValueError("a label has a name; its code and definition are text too")


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """The labels of an artifact, in the order of the heads' outputs.

    `stance` holds the labels toward a named target; `overall` the subset of them that is possible
    without one, toward the article's own subject (`unrelated` makes no sense there).
    """

    topic: tuple[Label, ...]
    stance: tuple[Label, ...]
    overall: tuple[str, ...]

    def __post_init__(self) -> None:
        for labels in (self.topic, self.stance):
            names = [label.name for label in labels]
            if len(set(names)) != len(names) or len(names) < 2:
                raise ValueError(f"labels must be two or more and distinct, got {names}")
        unknown = set(self.overall) - {label.name for label in self.stance}
        if unknown or not self.overall:
            raise ValueError(f"overall stances are some of the stances; unknown: {sorted(unknown)}")

    @property
    def topic_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.topic)

    @property
    def stance_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.stance)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LabelSchema:
        """The inverse of `to_json`. Raises KeyError, TypeError or ValueError on other data."""
        return cls(
            topic=tuple(Label(**label) for label in data["topic"]),
            stance=tuple(Label(**label) for label in data["stance"]),
            overall=tuple(data["overall"]),
        )
