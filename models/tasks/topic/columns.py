"""What an archive's output shows of a topic."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from models.analysis import TopicAnalysis

COLUMNS: Mapping[str, tuple[type, Callable[[TopicAnalysis], Any]]] = {
    "topic": (str, lambda topic: topic.label),
    "topic_code": (str, lambda topic: topic.code),
    "topics": (str, lambda topic: _all(topic)),
    "topic_confidence": (float, lambda topic: topic.confidence),
}


def _all(topic: TopicAnalysis) -> str:
    """The names of all topics, as JSON."""
    return json.dumps([score.label for score in topic.topics], ensure_ascii=False)
