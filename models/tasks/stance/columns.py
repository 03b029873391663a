"""What an archive's output shows of the stance toward a row's target, the first where the article
suggests several."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.analysis import StanceAnalysis

COLUMNS: Mapping[str, tuple[type, Callable[[Sequence[StanceAnalysis]], Any]]] = {
    "stance": (str, lambda stances: stances[0].label),
    "stance_target": (str, lambda stances: stances[0].target),
    "stance_kind": (str, lambda stances: _kind(stances[0])),
    "stance_confidence": (float, lambda stances: stances[0].confidence),
    "stances": (str, lambda stances: _all(stances)),
}


def _all(stances: Sequence[StanceAnalysis]) -> str:
    """The stances toward all targets, as JSON: the article may have suggested several."""
    told = [{"target": each.target, "stance": each.label} for each in stances]
    return json.dumps(told, ensure_ascii=False)


def _kind(stance: StanceAnalysis) -> str | None:
    return stance.kind and stance.kind.value
