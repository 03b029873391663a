"""What an artifact's config.json says of the forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from models.labels import Label, check_distinct, read_labels
from models.tasks.calibration import check
from models.tasks.limits import Tables, read_tables


@dataclass(frozen=True, slots=True)
class FormCalibration:
    """Logits are divided by the temperature; below the threshold the label is withheld."""

    temperature: float = 1.0
    threshold: float = 0.0

    def __post_init__(self) -> None:
        check(asdict(self))


@dataclass(frozen=True, slots=True)
class FormSection:
    """The forms, in the order of the head's outputs. Raises ValueError.

    `limits` has the table of errors under `form`; it is empty where none is fitted.
    """

    labels: tuple[Label, ...]
    calibration: FormCalibration = FormCalibration()
    limits: Tables = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_distinct(self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the forms."""
        return tuple(label.name for label in self.labels)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the section. Raises KeyError, TypeError or ValueError."""
        calibration, limits = FormCalibration(**data["calibration"]), data.get("limits", {})
        return cls(read_labels(data["labels"]), calibration, read_tables(limits))
