"""What an artifact's config.json says of the topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from models.labels import Label, check_distinct, read_labels
from models.tasks.calibration import check
from models.tasks.limits import Tables, read_tables


@dataclass(frozen=True, slots=True)
class TopicCalibration:
    """Logits are divided by the temperature; below the threshold the label is withheld."""

    temperature: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        check(asdict(self))


@dataclass(frozen=True, slots=True)
class TopicSection:
    """The topics, in the order of the head's outputs. Raises ValueError.

    `limits` has the table of errors under `topic`; it is empty where none is fitted.
    """

    labels: tuple[Label, ...]
    calibration: TopicCalibration = TopicCalibration()
    limits: Tables = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_distinct(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the topics."""
        return tuple(label.name for label in self.labels)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the section. Raises KeyError, TypeError or ValueError."""
        calibration, limits = TopicCalibration(**data["calibration"]), data.get("limits", {})
        return cls(read_labels(data["labels"]), calibration, read_tables(limits))
