"""The task `toy`, as it is registered. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from models.registry import Task


@dataclass(frozen=True, slots=True)
class Loudness:
    """Whether an article is `loud` or `calm`."""

    label: str
    probability: float


TOY = Task(
    name="toy",
    result=Loudness,
    model="tests.e2e.fourth_task.model:ToyModel",
    evaluation="tests.e2e.fourth_task.metrics:EVALUATION",
    columns={
        "toy": (str, lambda found: found.label),
        "toy_probability": (float, lambda found: found.probability),
    },
    gold="loudness",
)
