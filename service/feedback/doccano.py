"""doccano's JSON lines: `label` (in older versions `labels`) holds the topics, the main one first.

All else stands beside it, as doccano keeps metadata: title, stances, summary, who and when. In a
project of texts (seq2seq) the labels are summaries instead.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.archive.formats.jsonl import json_line
from service.feedback.rows import LabelledRow

BESIDE = ("title", "overall", "targets", "stances", "summary", "by", "date")

Found = Iterator[tuple[str, dict[str, Any]]]


def encode(rows: Iterable[LabelledRow]) -> bytes:
    """A file with these rows."""
    return b"".join(map(_line, rows))


def _line(row: LabelledRow) -> bytes:
    record = row.record()
    beside = {name: record[name] for name in BESIDE if record[name]}
    return json_line({"id": row.id, "text": row.text, "label": row.topics, **beside})


def decode(content: str, by: str | None) -> Found:
    """The corrections in a file of a project of classification, as members of a `Correction`.

    `by` stands in for a person that the file does not name. Lines that say nothing are passed over.
    Raises ValueError, LookupError, TypeError or AttributeError for another shape.
    """
    for place, line in _lines(content):
        said = _beside(line)
        labels = _labels(line)
        if labels:
            said |= {"topic": labels[0], "also": labels[1:]}
        if said:
            yield place, {**_article(line), **said, "by": line.get("by") or by}


def decode_summaries(content: str, by: str | None) -> Found:
    """The same in a file of a seq2seq project: the first label is the summary."""
    for place, line in _lines(content):
        if labels := _labels(line):
            yield place, {**_article(line), "summary": labels[0], "by": line.get("by") or by}


def _lines(content: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield f"line {number}", json.loads(line)


def _labels(line: Mapping[str, Any]) -> list[Any]:
    found = line["label"] if "label" in line else line["labels"]
    return [found] if isinstance(found, str) else list(found)


def _article(line: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": line["text"], "title": line.get("title") or None}


def _beside(line: Mapping[str, Any]) -> dict[str, Any]:
    pairs = list(zip(line.get("targets") or [], line.get("stances") or [], strict=True))
    stances = [{"target": target, "label": label} for target, label in pairs]
    if line.get("overall"):
        stances.append({"target": None, "label": line["overall"]})
    said = {"stance": stances, "summary": line.get("summary")}
    return {name: value for name, value in said.items() if value}
