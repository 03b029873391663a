"""What an archive's output shows of a topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.analysis import TopicAnalysis

COLUMNS: Mapping[str, tuple[type, Callable[[TopicAnalysis], Any]]] = {
    "topic": (str, lambda topic: topic.label),
    "topic_code": (str, lambda topic: topic.code),
    "topic_confidence": (float, lambda topic: topic.confidence),
}
