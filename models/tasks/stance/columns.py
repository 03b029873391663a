"""What the output over an archive says of the stance. A row has one target at most."""

from __future__ import annotations

from collections.abc import Mapping

from models.analysis import StanceAnalysis
from models.tasks.column import DECIMALS, Column

Stances = tuple[StanceAnalysis, ...]

COLUMNS: Mapping[str, Column[Stances]] = {
    "stance": Column(str, lambda stances: stances[-1].label),
    "stance_target": Column(str, lambda stances: stances[-1].target),
    "stance_confidence": Column(float, lambda stances: round(stances[-1].confidence, DECIMALS)),
}
