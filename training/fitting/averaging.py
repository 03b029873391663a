"""The average of two artifacts' weights, where one was fitted from the other.

What each has learned of its own is mostly kept, for the weights between them are as good (Wortsman
et al. 2022, 2203.05482).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch

from models.artifact.artifact import Artifact
from models.tasks.calibration import uncalibrated
from training.errors import AverageError

SAME: dict[str, Callable[[Artifact], Any]] = {
    "tasks": lambda artifact: uncalibrated(artifact.tasks),
    "encoder": lambda artifact: artifact.network.shape,
    "tokenizer": lambda artifact: artifact.tokenizer.to_str(),
}


@torch.no_grad()
def average(one: Artifact, other: Artifact, share: float) -> Artifact:
    """`share` (0 to 1) of the second's weights and the rest of the first's, in its network.

    It is neither calibrated nor measured. Raises AverageError where the two do not fit.
    """
    differ = [name for name, of in SAME.items() if of(one) != of(other)]
    if differ:
        raise AverageError(
            f"the artifacts differ in their {', '.join(differ)}; average one and what was fitted "
            "from it"
        )
    first = dict(one.network.named_parameters())
    for name, weights in other.network.named_parameters():
        weights.lerp_(first[name].to(weights.dtype), 1 - share)
    return replace(other, tasks=uncalibrated(other.tasks), metrics={}, digest="")
