"""The task `stance`, as it is registered."""

from __future__ import annotations

from models.analysis import StanceAnalysis
from models.registry import Task
from models.tasks.stance.columns import COLUMNS

STANCE = Task(
    name="stance",
    result=tuple[StanceAnalysis, ...],
    model="models.tasks.stance.model:StanceModel",
    evaluation="models.tasks.stance.metrics:EVALUATION",
    columns=COLUMNS,
    gold="stances",
)
