"""From files of labelled articles to the examples that the network learns from.

Rows with the same text become one example: one encoding, all its targets. A row trains the heads
it has labels for.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from datasets import Dataset, load_dataset

from training.config import Source

FORMATS = {".jsonl": "json", ".json": "json", ".csv": "csv", ".parquet": "parquet"}
COLUMNS = frozenset(
    {"text", "title", "topic", "also", "target", "targets", "stance", "stances", "overall"}
    | {"summary"}
)


class DataError(Exception):
    """A file of labelled articles that cannot be used: says which, and what is missing."""


@dataclass(slots=True)
class Labelled:
    """A text with all labels known for it. `stances` maps a target (None: overall) to a label."""

    text: str
    title: str | None = None
    topics: list[str] = field(default_factory=list)
    stances: dict[str | None, str] = field(default_factory=dict)
    summary: str | None = None


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
        _merge(texts.setdefault(row["text"], Labelled(row["text"])), row)
        if source.limit and len(texts) >= source.limit:
            break
    labelled = list(texts.values())
    return labelled if not source.unrelated else list(_with_unrelated(labelled, source.unrelated))


def _shuffled(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A fixed order that owes nothing to the file's, so that caps take an even sample."""
    return sorted(rows, key=lambda row: digest(row["text"] + str(row.get("target"))))


def _rows(source: Source) -> Iterator[dict[str, Any]]:
    if not source.path.is_file():
        raise DataError(f"{source.path}: no such file; correct the path in the config")
    kind = FORMATS.get(source.path.suffix)
    if kind is None:
        raise DataError(f"{source.path}: give a .jsonl, .csv or .parquet file")
    table: Dataset = load_dataset(kind, data_files=str(source.path), split="train")
    table = table.rename_columns({theirs: ours for ours, theirs in source.columns.items()})
    if "text" not in table.column_names:
        raise DataError(f"{source.path}: no column 'text'; name it under columns in the config")
    for column, value in source.where.items():
        if column not in table.column_names:
            raise DataError(
                f"{source.path}: 'where' names the column {column!r}, which is not there"
            )
        allowed = value if isinstance(value, list) else [value]
        keep = [i for i, found in enumerate(table[column]) if found in allowed]
        table = table.select(keep)
    table = table.select_columns([name for name in COLUMNS if name in table.column_names])
    return (row for row in table if row["text"] and row["text"].strip())


def _merge(labelled: Labelled, row: Mapping[str, Any]) -> None:
    labelled.title = labelled.title or row.get("title") or None
    labelled.summary = labelled.summary or row.get("summary") or None
    also = row.get("also") or []
    for topic in [row.get("topic"), *([also] if isinstance(also, str) else also)]:
        if topic and topic not in labelled.topics:
            labelled.topics.append(topic)
    if row.get("overall"):
        labelled.stances[None] = row["overall"]
    targets = [*(row.get("targets") or ()), *([row["target"]] if row.get("target") else ())]
    stances = [*(row.get("stances") or ()), *([row["stance"]] if row.get("stance") else ())]
    if targets:
        labelled.stances.update(zip(targets, stances, strict=True))
    elif stances:
        labelled.stances[None] = stances[0]


def _with_unrelated(labelled: list[Labelled], count: int) -> Iterator[Labelled]:
    """Adds targets of other texts, drawn by the text's digest, as unrelated ones.

    A target that shares a long word with the text is no safe negative and is passed over.
    """
    pool = sorted({target for each in labelled for target in each.stances if target})
    for each in labelled:
        draw = random.Random(digest(each.text))  # noqa: S311 - sampling, not secrecy
        held = {target for target in each.stances if target}
        added: dict[str | None, str] = {}
        for target in draw.sample(pool, min(len(pool), count * 4)):
            if len(added) < count and target not in held and not _mentions(each.text, target):
                added[target] = "unrelated"
        yield replace(each, stances=each.stances | added)


def _mentions(text: str, target: str) -> bool:
    lower = text.lower()
    return any(word in lower for word in target.lower().split() if len(word) > 4)


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


def paths(sources: Iterable[Source]) -> dict[str, list[Path]]:
    """The files behind each source's name."""
    found: dict[str, list[Path]] = defaultdict(list)
    for source in sources:
        found[source.name].append(source.path)
    return dict(found)
