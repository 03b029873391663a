"""What the output over an archive says of the summary."""

from __future__ import annotations

from collections.abc import Mapping

from models.analysis import Summary
from models.tasks.column import DECIMALS, Column

COLUMNS: Mapping[str, Column[Summary]] = {
    "summary": Column(str, lambda summary: summary.text),
    "summary_support": Column(float, lambda summary: round(summary.support, DECIMALS)),
}
