"""The task `topic`, as it is registered."""

from __future__ import annotations

from models.analysis import TopicAnalysis
from models.registry import Task
from models.tasks.topic.columns import COLUMNS

TOPIC = Task(
    name="topic",
    result=TopicAnalysis,
    model="models.tasks.topic.model:TopicModel",
    evaluation="models.tasks.topic.metrics:EVALUATION",
    columns=COLUMNS,
    gold="topics",
)
