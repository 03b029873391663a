"""What an artifact's config.json says of the summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from models.tasks.calibration import check


@dataclass(frozen=True, slots=True)
class SummaryCalibration:
    """When a span goes, a sentence is well formed, and the article bears a sentence out.

    The logits of each reader are divided by its temperature, after its bias is added: that is the
    `support` of a sentence. Below the threshold a sentence is not shown. Both are fitted on
    sentences of summaries that were judged; the first two numbers were chosen by reading.
    """

    delete_threshold: float = 0.75
    form_threshold: float = 0.25
    full_temperature: float = 1.0
    full_bias: float = 0.0
    full_threshold: float = 0.0
    fast_temperature: float = 1.0
    fast_bias: float = 0.0
    fast_threshold: float = 0.0

    def __post_init__(self) -> None:
        check(asdict(self))


@dataclass(frozen=True, slots=True)
class SummarySection:
    """The layers of the choosing head, and the calibration. Raises ValueError."""

    layers: int = 1
    calibration: SummaryCalibration = SummaryCalibration()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the section. Raises KeyError, TypeError or ValueError."""
        return cls(data["layers"], SummaryCalibration(**data["calibration"]))
