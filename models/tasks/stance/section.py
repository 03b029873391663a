"""What an artifact's config.json says of the stances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from models.labels import Label, check_distinct, check_some_of, read_labels
from models.tasks.calibration import check
from models.tasks.limits import Tables, read_tables


@dataclass(frozen=True, slots=True)
class StanceCalibration:
    """Stances and claims, as each reader judges them, and the stance toward the own subject.

    Logits are divided by the temperature; below the threshold the label is withheld. Whether an
    article is unrelated to a target has a temperature of its own, and a bias.
    """

    full_temperature: float = 1.0
    full_threshold: float = 0.0
    full_unrelated_temperature: float = 1.0
    full_unrelated_bias: float = 0.0
    full_claim_temperature: float = 1.0
    full_claim_threshold: float = 0.0
    full_claim_unrelated_temperature: float = 1.0
    full_claim_unrelated_bias: float = 0.0
    fast_temperature: float = 1.0
    fast_threshold: float = 0.0
    fast_unrelated_temperature: float = 1.0
    fast_unrelated_bias: float = 0.0
    fast_claim_temperature: float = 1.0
    fast_claim_threshold: float = 0.0
    fast_claim_unrelated_temperature: float = 1.0
    fast_claim_unrelated_bias: float = 0.0
    overall_temperature: float = 1.0
    overall_threshold: float = 0.0

    def __post_init__(self) -> None:
        check(asdict(self))


@dataclass(frozen=True, slots=True)
class StanceSection:
    """The stances toward a target, in the order of the readers' outputs. Raises ValueError.

    `overall` holds those that are possible toward the article's own subject: `unrelated` is not.
    `limits` has the table of errors of each group, such as `full_claim`, for which one is fitted.
    """

    labels: tuple[Label, ...]
    overall: tuple[str, ...]
    calibration: StanceCalibration = StanceCalibration()
    limits: Tables = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_distinct(self.labels)
        check_some_of(self.overall, self.labels)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the stances toward a target."""
        return tuple(label.name for label in self.labels)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the section. Raises KeyError, TypeError or ValueError."""
        overall, calibration = data["overall"], StanceCalibration(**data["calibration"])
        limits = read_tables(data.get("limits", {}))
        return cls(read_labels(data["labels"]), tuple(overall), calibration, limits)
