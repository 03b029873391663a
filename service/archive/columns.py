"""The columns of the output: the place of a row, what each task found, and how much was read.

They are the same whatever was asked. A task that was not asked for leaves its own empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models import registry
from models.analysis import Analysis
from models.registry import Column
from service.archive.formats.format import Record
from service.archive.rows import Row
from service.inference.answer import as_json

READ: Mapping[str, Column] = {
    "language": (str, lambda analysis: analysis.language),
    "reader": (str, lambda analysis: analysis.reader and analysis.reader.value),
    "tokens": (int, lambda analysis: analysis.input.tokens),
    "truncated": (bool, lambda analysis: analysis.input.truncated),
}
PLACE: Mapping[str, type] = {"file": str, "line": int, "id": str, "date": str}
MODEL = "model"
DECIMALS = 4
"""Numbers that are not whole are written with so many."""
FULL = "analysis"
"""The whole analysis as JSON, where it is asked for."""


def output_columns(*, full: bool) -> dict[str, type]:
    """The names of the columns, in order, with the types of their values."""
    tasks = {name: kind for task in registry.tasks() for name, (kind, _) in task.columns.items()}
    read = {name: kind for name, (kind, _) in READ.items()}
    last = {MODEL: str, FULL: str} if full else {MODEL: str}
    return {**PLACE, **tasks, **read, **last}


def answer_of(analysis: Analysis, *, full: bool) -> dict[str, Any]:
    """What the columns hold of an analysis: the same for all rows with the same text.

    The columns of tasks that were not asked for are not in it.
    """
    answer = _values(READ, analysis)
    for task in registry.tasks():
        if (result := analysis.results.get(task.name)) is not None:
            answer |= _values(task.columns, result)
    if full:
        answer[FULL] = as_json(analysis).decode()
    return answer


def record_of(row: Row, file: str, answer: Mapping[str, Any], model_digest: str) -> Record:
    """A row of the output; `file` is the name of the row's file in the output."""
    place = {"file": file, "line": row.line, "id": row.id, "date": row.date}
    return {**place, **answer, MODEL: model_digest}


def _values(columns: Mapping[str, Column], result: object) -> dict[str, Any]:
    return {name: _rounded(value_of(result)) for name, (_, value_of) in columns.items()}


def _rounded(value: object) -> object:
    return round(value, DECIMALS) if isinstance(value, float) else value
