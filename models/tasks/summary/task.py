"""The task `summary`, as it is registered."""

from __future__ import annotations

from models.analysis import Summary
from models.registry import Task
from models.tasks.summary.columns import COLUMNS

SUMMARY = Task(
    name="summary",
    result=Summary,
    model="models.tasks.summary.model:SummaryModel",
    evaluation="models.tasks.summary.metrics:EVALUATION",
    columns=COLUMNS,
    gold="summary",
)
