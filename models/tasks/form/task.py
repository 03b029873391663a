"""The task `form`, as it is registered."""

from __future__ import annotations

from models.analysis import FormAnalysis
from models.registry import Task
from models.tasks.form.columns import COLUMNS

FORM = Task(
    name="form",
    result=FormAnalysis,
    model="models.tasks.form.model:FormModel",
    evaluation="models.tasks.form.metrics:EVALUATION",
    columns=COLUMNS,
    gold="genre",
)
