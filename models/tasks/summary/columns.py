"""What an archive's output shows of a summary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.analysis import Summary

COLUMNS: Mapping[str, tuple[type, Callable[[Summary], Any]]] = {
    "summary": (str, lambda summary: summary.text),
    "summary_support": (float, lambda summary: summary.support),
    "summary_withheld": (str, lambda summary: summary.withheld),
}
