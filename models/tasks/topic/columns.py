"""What the output over an archive says of the topic."""

from __future__ import annotations

from collections.abc import Mapping

from models.analysis import TopicAnalysis
from models.tasks.column import DECIMALS, Column

COLUMNS: Mapping[str, Column[TopicAnalysis]] = {
    "topic": Column(str, lambda topic: topic.label),
    "topic_code": Column(str, lambda topic: topic.code),
    "topic_confidence": Column(float, lambda topic: round(topic.confidence, DECIMALS)),
}
