"""From files of labelled articles to the examples that the network learns from.

Rows with the same text become one example: one encoding, all its targets. A row trains the heads
it has labels for.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset

from models import registry
from models.encoding.stance_inputs import STEM_CHARS
from models.labels import UNRELATED
from models.text.words import is_content, normal_words
from training.config import Source
from training.errors import DataError

FORMATS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
COLUMNS = frozenset(
    {"text", "title", "topic", "also", "target", "targets", "stance", "stances", "overall"}
    | {"summary"}
)
OWN_GOLD = frozenset({"topics", "stances", "summary"})
"""The gold that `Labelled` has a field for. Any other of a task is a column of that name."""


@dataclass(slots=True)
class Labelled:
    """A text with all labels known for it. `stances` maps a target (None: overall) to a label.

    `others` holds the gold of tasks that are not among the fields, by the name of its column.
    """

    text: str
    title: str | None = None
    topics: list[str] = field(default_factory=list)
    stances: dict[str | None, str] = field(default_factory=dict)
    summary: str | None = None
    others: dict[str, Any] = field(default_factory=dict)

    def gold(self, name: str) -> Any:
        """What people answered for a task, by the name that the task has for it."""
        return getattr(self, name) if name in OWN_GOLD else self.others.get(name)


def load(source: Source) -> list[Labelled]:
    """The labelled texts of a file, in its order. Raises DataError."""
    texts: dict[str, Labelled] = {}
    topics: Counter[str] = Counter()
    stances: Counter[str] = Counter()
    for row in _shuffled(_rows(source)):
        topic = row.get("topic")
        if topic and source.per_topic and topics[topic] >= source.per_topic:
            continue
        stance = row.get("stance")
        if stance and source.per_stance and stances[stance] >= source.per_stance:
            continue
        topics[topic or ""] += 1
        stances[stance or ""] += 1
        _merge(texts.setdefault(row["text"], Labelled(row["text"])), row, source.path)
        if source.limit and len(texts) >= source.limit:
            break
    labelled = list(texts.values())
    return labelled if not source.unrelated else list(_with_unrelated(labelled, source.unrelated))


def _shuffled(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A fixed order that does not depend on the file's, so that caps take an even sample."""
    return sorted(rows, key=lambda row: digest(row["text"] + str(row.get("target"))))


def _rows(source: Source) -> Iterator[dict[str, Any]]:
    if not source.path.is_file():
        raise DataError(f"{source.path}: no such file; correct the path in the config")
    form = FORMATS.get(source.path.suffix)
    if form is None:
        raise DataError(f"{source.path}: give a .jsonl, .csv or .parquet file")
    table: Dataset = load_dataset(form, data_files=str(source.path), split="train")
    table = _renamed(table, source)
    if "text" not in table.column_names:
        raise DataError(f"{source.path}: no column 'text'; name it under columns in the config")
    named = [("where", name) for name in source.where]
    for option, column in [*named, *(("without", name) for name in source.without)]:
        if column not in table.column_names:
            raise DataError(
                f"{source.path}: {option!r} names the column {column!r}, which is not there"
            )
    for column, value in source.where.items():
        allowed = value if isinstance(value, list) else [value]
        keep = [i for i, found in enumerate(table[column]) if found in allowed]
        table = table.select(keep)
    wanted = (COLUMNS | _other_gold()).difference(source.without)
    table = table.select_columns([name for name in table.column_names if name in wanted])
    return (row for row in table if row["text"] and row["text"].strip())


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


def _other_gold() -> set[str]:
    return {task.gold for task in registry.tasks() if task.gold} - OWN_GOLD


def _merge(labelled: Labelled, row: Mapping[str, Any], path: Path) -> None:
    labelled.title = labelled.title or row.get("title") or None
    labelled.summary = labelled.summary or row.get("summary") or None
    for column in _other_gold():
        if row.get(column) is not None:
            labelled.others.setdefault(column, row[column])
    also = row.get("also") or []
    for topic in [row.get("topic"), *([also] if isinstance(also, str) else also)]:
        if topic and topic not in labelled.topics:
            labelled.topics.append(topic)
    if row.get("overall"):
        labelled.stances[None] = row["overall"]
    if row.get("stance"):
        labelled.stances[row.get("target") or None] = row["stance"]
    targets, stances = row.get("targets") or [], row.get("stances") or []
    lists = isinstance(targets, list) and isinstance(stances, list)
    if not lists or len(targets) != len(stances):
        raise DataError(
            f"{path}: 'targets' and 'stances' must be lists of one length; or give a row for each "
            "pair, with 'target' and 'stance'"
        )
    labelled.stances.update(zip(targets, stances, strict=True))


def _with_unrelated(labelled: list[Labelled], count: int) -> Iterator[Labelled]:
    """Adds targets of other texts, drawn by the text's digest, as unrelated ones.

    A target that shares a word of content with the text is no safe negative and is passed over.
    """
    pool = sorted({target for each in labelled for target in each.stances if target})
    for each in labelled:
        draw = random.Random(digest(each.text))  # noqa: S311 - sampling, not secrecy
        held, said = {target for target in each.stances if target}, _content(each.text)
        added: dict[str | None, str] = {}
        for target in draw.sample(pool, min(len(pool), count * 4)):
            if len(added) < count and target not in held and not _content(target) & said:
                added[target] = UNRELATED
        yield replace(each, stances=each.stances | added)


def _content(text: str) -> set[str]:
    """The beginnings of a text's content words, so that a plural is the same word."""
    return {word[:STEM_CHARS] for word in normal_words(text) if is_content(word)}


def digest(text: str) -> str:
    """A fixed fingerprint of a text, for splits and draws that are the same in every run."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def held_out(text: str, share: float) -> bool:
    """Whether a text is kept for validation: a fixed `share` of all texts."""
    return int(digest(text)[:8], 16) < share * 2**32


def split(labelled: Iterable[Labelled], source: Source, validation: bool) -> list[Labelled]:
    """The training or the validation part of a file's texts."""
    if not source.holdout:
        return list(labelled)
    return [each for each in labelled if held_out(each.text, source.holdout) == validation]
