"""What the calibrations of the tasks share: their limits, and how they are fitted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

FAR = 1e9
"""Further than any text is."""
BOUNDS = {
    "temperature": (1e-3, 1e3),
    "threshold": (0.0, 1.0),
    "bias": (-1e3, 1e3),
    "distance": (-FAR, FAR),
}
TEMPERATURE_START, BIAS_START = (1.0, 0.25, 5.0), (0.0, -4.0, 4.0)
"""Where a fit of a temperature and of a bias begins, and between what it ends."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What is fitted together on validation data.

    `numbers` are the fields of a calibration that the fit sets, each with where it begins and its
    lowest and highest value. `scale` turns logits into probabilities. `threshold` is the field with
    the confidence below which the label is withheld. `of_label` names the numbers that belong to
    one label: they are left as they are where no data has it.
    """

    numbers: Mapping[str, tuple[float, float, float]]
    scale: Callable[[Mapping[str, float], Any], Mapping[str, float]]
    threshold: str
    of_label: Mapping[str, str] = field(default_factory=dict)


def check(numbers: Mapping[str, float]) -> None:
    """Raises ValueError for numbers of a calibration that give no probabilities.

    The last word of a name says what it is: a temperature, a threshold or a bias.
    """
    for name, value in numbers.items():
        least, most = BOUNDS[name.rpartition("_")[2]]
        if type(value) not in (int, float) or not least <= value <= most:
            raise ValueError(f"{name} lies between {least} and {most}")


def tempered(logits: Mapping[str, float], temperature: float) -> dict[str, float]:
    """Probabilities of logits that are divided by a temperature."""
    top = max(logits.values())
    powers = {name: math.exp((logit - top) / temperature) for name, logit in logits.items()}
    total = math.fsum(powers.values())
    return {name: power / total for name, power in powers.items()}


TEMPERED = Fit(
    numbers={"temperature": TEMPERATURE_START},
    scale=lambda logits, fitted: tempered(logits, fitted.temperature),
    threshold="threshold",
)
"""The fit of one label set with a temperature and a threshold."""


def calibrations(sections: Mapping[str, Any]) -> dict[str, Any]:
    """The calibrations of the tasks that have one, as JSON holds them."""
    return {
        name: asdict(section.calibration)
        for name, section in sections.items()
        if hasattr(section, "calibration")
    }


def uncalibrated(sections: Mapping[str, Any]) -> dict[str, Any]:
    """The sections as before any calibration: temperature 1, threshold and bias 0, no tables."""
    neutral = dict(sections)
    for name in calibrations(sections):
        fresh = type(sections[name].calibration)()
        without: dict[str, Any] = {"limits": {}} if hasattr(sections[name], "limits") else {}
        neutral[name] = replace(sections[name], calibration=fresh, **without)
    return neutral
