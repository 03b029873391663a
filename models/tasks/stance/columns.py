"""What an archive's output shows of the stance toward a row's target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.analysis import StanceAnalysis

COLUMNS: Mapping[str, tuple[type, Callable[[Sequence[StanceAnalysis]], Any]]] = {
    "stance": (str, lambda stances: stances[-1].label),
    "stance_target": (str, lambda stances: stances[-1].target),
    "stance_kind": (str, lambda stances: _kind(stances[-1])),
    "stance_confidence": (float, lambda stances: stances[-1].confidence),
}


def _kind(stance: StanceAnalysis) -> str | None:
    return stance.kind and stance.kind.value
