"""The task `subject`, as it is registered."""

from __future__ import annotations

from models.analysis import SubjectAnalysis
from models.registry import Task
from models.tasks.subject.columns import COLUMNS

SUBJECT = Task(
    name="subject",
    result=SubjectAnalysis,
    model="models.tasks.subject.model:SubjectModel",
    evaluation="models.tasks.subject.metrics:EVALUATION",
    columns=COLUMNS,
    gold="subject",
)
