"""What an archive's output shows of a form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.analysis import FormAnalysis

COLUMNS: Mapping[str, tuple[type, Callable[[FormAnalysis], Any]]] = {
    "form": (str, lambda form: form.label),
    "form_confidence": (float, lambda form: form.confidence),
}
