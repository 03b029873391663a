"""Two models over the same recent archive: which labels change, and which of these matter most.

Nobody has labelled an archive, so a replay judges nothing. It shows a person where to look.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.analysis import Analysis, Score
from models.article import Article, Options
from models.tasks.predictions import analyses
from service.archive import readers
from service.archive.rows import InputColumns, Rejected, Row

if TYPE_CHECKING:
    from service.inference.model import Model

LABELLED = ("topic", "stance", "form")
"""The tasks whose answer is a label."""
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Change:
    """A label that changes, and where its row is; nothing here is of its text.

    `before` and `after` are None where the label is withheld, or the model fails. `moved` is how
    much probability the change moves, 0 to 1: the mean of what the label that goes loses and the
    label that comes gains.
    """

    file: str
    line: int
    id: str | None
    task: str
    before: str | None
    after: str | None
    moved: float


@dataclass(frozen=True, slots=True)
class Replay:
    """How many labels there are in some `rows`, how many of them change, and the changes that
    move most. `failed` counts the articles that the candidate fails on and the current model reads,
    `rejected` the rows that are none, or that neither of them reads."""

    rows: int
    rejected: int
    failed: int
    labels: int
    changed: Mapping[str, int]
    most: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class _Given:
    """An answer of a task: the label that is shown, and the probability of each."""

    label: str | None
    scores: Mapping[str, float]


NOTHING = _Given(None, {})


def replay(
    current: Model,
    candidate: Model,
    files: Sequence[Path],
    columns: InputColumns,
    limit: int | None = None,
    shown: int = SHOWN,
) -> Replay:
    """Has both models read the rows of an archive, or the first `limit` of them.

    It needs the memory of both models, and of the rows of one batch. Raises InputRefused, or an
    ArtifactError where a reader cannot be loaded.
    """
    tasks = [
        name for name in LABELLED if name in current.info.tasks and name in candidate.info.tasks
    ]
    options = Options(tasks=frozenset(tasks))
    counts = {"rows": 0, "rejected": 0, "failed": 0, "labels": 0}
    changed = dict.fromkeys(tasks, 0)
    changes: list[tuple[float, int, Change]] = []
    for row, before, after in _read(current, candidate, files, columns, options, limit):
        counts["rows"] += 1
        if row is None or before is None:
            counts["rejected"] += 1
            continue
        counts["failed"] += after is None
        for task, one, other in _labels(before, after):
            counts["labels"] += 1
            if one.label != other.label:
                changed[task] += 1
                change = _change(row, task, one, other)
                entry = (change.moved, -counts["labels"], change)
                (heapq.heappush if len(changes) < shown else heapq.heappushpop)(changes, entry)
    most = tuple(change for *_, change in sorted(changes, reverse=True))
    return Replay(**counts, changed=changed, most=most)


def _read(
    current: Model,
    candidate: Model,
    files: Sequence[Path],
    columns: InputColumns,
    options: Options,
    limit: int | None,
) -> Iterator[tuple[Row | None, Analysis | None, Analysis | None]]:
    """Each row (None: it was rejected) with the analyses of both models (None: it failed)."""
    rows = islice((row for file in files for row in readers.read(file, columns)), limit)
    for batch in _batches(rows):
        kept = [row for row in batch if isinstance(row, Row)]
        yield from ((None, None, None) for _ in range(len(batch) - len(kept)))
        articles = [Article(row.text, row.title, options=options) for row in kept]
        both = (analyses(model, articles) for model in (current, candidate))
        for row, *found in zip(kept, *both, strict=True):
            before, after = (each if isinstance(each, Analysis) else None for each in found)
            yield row, before, after


BATCH = 256


def _batches(rows: Iterable[Row | Rejected]) -> Iterator[list[Row | Rejected]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _labels(before: Analysis, after: Analysis | None) -> Iterator[tuple[str, _Given, _Given]]:
    """The labels of both answers, task by task."""
    results = after.results if after else {}
    for task, result in before.results.items():
        other = results.get(task)
        for place, one in enumerate(_each(result)):
            yield task, one, (_each(other)[place] if other is not None else NOTHING)


def _each(result: Any) -> list[_Given]:
    """The labels of a task's result: stances have several."""
    parts = result if isinstance(result, tuple) else (result,)
    return [_Given(part.label, _probabilities(part.scores)) for part in parts]


def _probabilities(scores: Sequence[Score]) -> dict[str, float]:
    return {score.label: score.probability for score in scores}


def _change(row: Row, task: str, before: _Given, after: _Given) -> Change:
    lost = before.scores.get(before.label or "", 0.0) - after.scores.get(before.label or "", 0.0)
    gained = after.scores.get(after.label or "", 0.0) - before.scores.get(after.label or "", 0.0)
    moved = [part for label, part in ((before.label, lost), (after.label, gained)) if label]
    return Change(
        row.file,
        row.line,
        row.id,
        task,
        before.label,
        after.label,
        round(sum(moved) / len(moved), 4),
    )
