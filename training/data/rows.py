"""From a file of labelled articles to its rows of one role, under our names of columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from datasets import Dataset, load_dataset

from models import registry
from training.config import Source
from training.data.roles import Role, role_of
from training.errors import DataError

FORMATS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
PAIR_COLUMNS = frozenset({"target", "stance", "group"})
LIST_COLUMNS = frozenset({"targets", "stances", "kinds", "evidence"})
EDIT_COLUMNS = frozenset({"starts", "ends", "sentences"})
COLUMNS = (
    frozenset({"id", "text", "title", "topic", "also", "overall", "summary", "subject"})
    | PAIR_COLUMNS
    | LIST_COLUMNS
    | EDIT_COLUMNS
)
OWN_GOLD = frozenset({"topics", "stances", "summary", "subject"})
"""The gold that `Labelled` has a field for. Any other of a task is a column of that name."""


def rows(source: Source, role: Role) -> Iterator[dict[str, Any]]:
    """The rows of a file whose texts have a role, in its order. Raises DataError."""
    for row in _table(source):
        text, id = row["text"], row.get("id")
        if text and text.strip():
            found = role_of(text, None if id is None else str(id), source.report_ids)
            if found is role:
                yield row


def other_gold() -> set[str]:
    """The columns with the gold of tasks that `Labelled` has no field for."""
    return {task.gold for task in registry.tasks() if task.gold} - OWN_GOLD


def _table(source: Source) -> Dataset:
    if not source.path.is_file():
        raise DataError(f"{source.path}: no such file; correct the path in the config")
    form = FORMATS.get(source.path.suffix)
    if form is None:
        raise DataError(f"{source.path}: give a .jsonl, .csv or .parquet file")
    table = load_dataset(form, data_files=str(source.path), split="train")
    table = _renamed(table, source)
    _check_columns(table, source)
    for column, value in source.where.items():
        allowed = value if isinstance(value, list) else [value]
        keep = [i for i, found in enumerate(table[column]) if found in allowed]
        table = table.select(keep)
    wanted = (COLUMNS | other_gold()).difference(source.without)
    return table.select_columns([name for name in table.column_names if name in wanted])


def _check_columns(table: Dataset, source: Source) -> None:
    if "text" not in table.column_names:
        raise DataError(f"{source.path}: no column 'text'; name it under columns in the config")
    named = [("where", name) for name in source.where]
    named += [("without", name) for name in source.without]
    if source.report_ids is not None:
        named.append(("report_ids", "id"))
    for option, column in named:
        if column not in table.column_names:
            raise DataError(
                f"{source.path}: {option!r} names the column {column!r}, which is not there"
            )


def _renamed(table: Dataset, source: Source) -> Dataset:
    """The table with our names of columns, in place of columns of its own of these names."""
    for column in source.columns.values():
        if column not in table.column_names:
            raise DataError(
                f"{source.path}: 'columns' names the column {column!r}, which is not there"
            )
    hidden = source.columns.keys() - source.columns.values()
    table = table.remove_columns([name for name in table.column_names if name in hidden])
    return table.rename_columns({theirs: ours for ours, theirs in source.columns.items()})
