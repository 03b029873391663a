"""What is fitted on validation data after the network, and read by the decisions of every task."""

from __future__ import annotations

from dataclasses import asdict, dataclass

BOUNDS = {"temperature": (1e-3, 1e3), "threshold": (0.0, 1.0), "bias": (-1e3, 1e3)}


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is fitted on validation data after the network: temperatures, a bias and thresholds.

    Logits are divided by the temperature; below the threshold a label is withheld. Whether an
    article is unrelated to a target has a temperature of its own, and the bias. Raises ValueError
    for numbers that no probability comes of.
    """

    topic_temperature: float = 1.0
    stance_temperature: float = 1.0
    overall_temperature: float = 1.0
    topic_threshold: float = 0.0
    stance_threshold: float = 0.0
    overall_threshold: float = 0.0
    unrelated_temperature: float = 1.0
    unrelated_bias: float = 0.0

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            least, most = BOUNDS[name.rpartition("_")[2]]
            if type(value) not in (int, float) or not least <= value <= most:
                raise ValueError(f"{name} lies between {least} and {most}")
