"""What an artifact's config.json says of the topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from models.labels import Label, check_distinct, read_labels
from models.tasks.calibration import FAR, check
from models.tasks.limits import Tables, read_tables

HEADS = ("pooled", "linear")


@dataclass(frozen=True, slots=True)
class TopicCalibration:
    """Logits are divided by the temperature; below the threshold the label is withheld.

    Of short texts it is below `short_threshold`, and of those further than `max_distance` from the
    texts of training, or than `max_class_distance` from each of the labels, always. Other topics
    than the likeliest are given from `second_threshold` on.
    """

    temperature: float = 1.0
    threshold: float = 0.0
    short_threshold: float = 0.0
    second_threshold: float = 1.0
    max_distance: float = FAR
    max_class_distance: float = FAR

    def __post_init__(self) -> None:
        check(asdict(self))


@dataclass(frozen=True, slots=True)
class TopicSection:
    """The topics, in the order of the head's outputs. Raises ValueError.

    `limits` has the table of errors under `topic`; it is empty where none is fitted. `head` is how
    they are told, one of `HEADS`. `zero_shot`: by their names alone, without a labelled text.
    """

    labels: tuple[Label, ...]
    calibration: TopicCalibration = TopicCalibration()
    limits: Tables = field(default_factory=dict)
    head: str = "pooled"
    zero_shot: bool = False

    def __post_init__(self) -> None:
        if self.head not in HEADS or type(self.zero_shot) is not bool:
            raise ValueError(f"a head is one of {', '.join(HEADS)}")
        check_distinct(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the topics."""
        return tuple(label.name for label in self.labels)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the section. Raises KeyError, TypeError or ValueError."""
        calibration, limits = TopicCalibration(**data["calibration"]), data.get("limits", {})
        kept = {name: data[name] for name in ("head", "zero_shot") if name in data}
        return cls(read_labels(data["labels"]), calibration, read_tables(limits), **kept)
