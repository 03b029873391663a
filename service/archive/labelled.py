"""A desk's own labelled texts, from a file in any format of archives.

The columns are `text`, `title`, `topic`, `target`, `stance` and `overall`. A row may have any of
the labels; `overall`, and a stance without a target, is toward the article's own subject. Rows with
the same text are one text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.tasks.evaluation import TargetGold
from service.archive import readers
from service.archive.errors import ColumnMissing, InputRefused
from service.archive.rows import InputColumns, Rejected, Row

GOLD = ("topics", "stances")
"""What such a file may hold, by the names that tasks have for it."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and what people answered: its topics, and the stances toward targets."""

    text: str
    title: str | None
    topics: list[str] = field(default_factory=list)
    stances: dict[str | None, TargetGold] = field(default_factory=dict)

    def gold(self, name: str) -> Any:
        """What people answered for a task, by the task's name for it; None where nothing."""
        return {"topics": self.topics, "stances": self.stances}.get(name)


def read(file: Path, labels: Mapping[str, Collection[str]]) -> list[LabelledText]:
    """The labelled texts of a file. Raises InputRefused.

    `labels` are the names that a model knows: of a `topic`, of a `stance`, and of an `overall` one.
    """
    texts: dict[str, LabelledText] = {}
    for row in _rows(file, InputColumns(id="topic")):
        topics = _of(texts, row).topics
        if row.id not in topics:
            topics.append(_known(row, labels.get("topic", ())))
    for row in _with_targets(file):
        which = "stance" if row.target else "overall"
        _of(texts, row).stances[row.target] = TargetGold(_known(row, labels.get(which, ())))
    for row in _rows(file, InputColumns(id="overall")):
        _of(texts, row).stances[None] = TargetGold(_known(row, labels.get("overall", ())))
    return list(texts.values())


def _of(texts: dict[str, LabelledText], row: Row) -> LabelledText:
    return texts.setdefault(row.text, LabelledText(row.text, row.title))


def _with_targets(file: Path) -> Iterator[Row]:
    """The rows with a stance; a table may lack the column of targets."""
    try:
        yield from _rows(file, InputColumns(id="stance", target="target"))
    except ColumnMissing as missing:
        if missing.column != "target":
            raise
        yield from _rows(file, InputColumns(id="stance"))


def _rows(file: Path, columns: InputColumns) -> Iterator[Row]:
    """The rows that have a label, which is read as their id; none without its column."""
    try:
        for row in readers.read(file, columns):
            if isinstance(row, Rejected):
                raise InputRefused(f"{file}, line {row.line}: {row.reason}")
            if row.id is not None:
                yield row
    except ColumnMissing as missing:
        if missing.column != columns.id:
            raise


def _known(row: Row, names: Collection[str]) -> str:
    if row.id not in names:
        has = ", ".join(names) or "no labels of the kind"
        raise InputRefused(
            f"{row.file}, line {row.line}: its label is none of the model's, which are {has}"
        )
    return str(row.id)
