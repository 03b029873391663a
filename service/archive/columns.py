"""The columns of the output: the place of a row, what each task found, and how much was read.

They are the same whatever was asked. A task that was not asked for leaves its own empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from models.analysis import Analysis
from models.article import Task
from models.tasks.stance.columns import COLUMNS as STANCE
from models.tasks.summary.columns import COLUMNS as SUMMARY
from models.tasks.topic.columns import COLUMNS as TOPIC
from service.archive.formats.format import Record
from service.archive.rows import Row

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Column = tuple[type, Callable[[Any], Any]]
"""The type of a column's values, and how to get a value from a result."""

TASKS: Mapping[Task, Mapping[str, Column]] = {
    Task.TOPIC: TOPIC,
    Task.STANCE: STANCE,
    Task.SUMMARY: SUMMARY,
}
READ: Mapping[str, tuple[type, Callable[[Analysis], Any]]] = {
    "language": (str, lambda analysis: analysis.language),
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
    tasks = {name: kind for columns in TASKS.values() for name, (kind, _) in columns.items()}
    read = {name: kind for name, (kind, _) in READ.items()}
    last = {MODEL: str, FULL: str} if full else {MODEL: str}
    return {**PLACE, **tasks, **read, **last}


def answer_of(analysis: Analysis, *, full: bool) -> dict[str, Any]:
    """What the columns hold of an analysis: the same for all rows with the same text.

    The columns of tasks that were not asked for are not in it.
    """
    answer = _values(READ, analysis)
    for task, columns in TASKS.items():
        result = getattr(analysis, task)
        if result is not None:
            answer |= _values(columns, result)
    if full:
        answer[FULL] = _json(analysis)
    return answer


def record_of(row: Row, file: str, answer: Mapping[str, Any], model_digest: str) -> Record:
    """A row of the output; `file` is the name of the row's file in the output."""
    place = {"file": file, "line": row.line, "id": row.id, "date": row.date}
    return {**place, **answer, MODEL: model_digest}


def _values(columns: Mapping[str, Column], result: object) -> dict[str, Any]:
    return {name: _rounded(value_of(result)) for name, (_, value_of) in columns.items()}


def _rounded(value: object) -> object:
    return round(value, DECIMALS) if isinstance(value, float) else value


def _json(analysis: Analysis) -> str:
    return _adapter().dump_json(analysis).decode()


@cache
def _adapter() -> TypeAdapter[Analysis]:
    """One for all articles: pydantic takes milliseconds to make it, and some to load."""
    from pydantic import TypeAdapter

    return TypeAdapter(Analysis)
