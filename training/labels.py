"""The label sets that a training run learns to tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from models.labels import Label, check_distinct, check_some_of, read_labels


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """The labels of a run, in the order of the heads' outputs.

    `stance` holds the labels toward a named target; `overall` the subset of them that is possible
    without one, toward the article's own subject (`unrelated` makes no sense there).
    """

    topic: tuple[Label, ...]
    stance: tuple[Label, ...]
    overall: tuple[str, ...]

    def __post_init__(self) -> None:
        check_distinct(self.topic)
        check_distinct(self.stance)
        check_some_of(self.overall, self.stance)

    @property
    def topic_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.topic)

    @property
    def stance_names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.stance)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError or ValueError."""
        overall = tuple(data["overall"])
        return cls(read_labels(data["topic"]), read_labels(data["stance"]), overall)
