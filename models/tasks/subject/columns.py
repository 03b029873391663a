"""What an archive's output shows of a subject."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from models.analysis import SubjectAnalysis

COLUMNS: Mapping[str, tuple[type, Callable[[SubjectAnalysis], Any]]] = {
    "about": (str, lambda subject: subject.about),
    "suggested_targets": (
        str,
        lambda subject: json.dumps(
            [each.target for each in subject.suggested_targets], ensure_ascii=False
        ),
    ),
}
