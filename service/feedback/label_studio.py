"""Label Studio's JSON: a task for each text, an annotation for each person, a result for each part.

The controls are called `topic` (choices, the main one first; or a taxonomy, of which the last step
counts), `overall` (choices), `stance` (a taxonomy of target and label; or choices, where the task's
data has a `target`) and `summary` (text area). Other controls are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from service.feedback.rows import LabelledRow

Found = Iterator[tuple[str, dict[str, Any]]]


def encode(rows: Iterable[LabelledRow]) -> bytes:
    """A file with these rows."""
    tasks: dict[str, dict[str, Any]] = {}
    for row in rows:
        data = {"text": row.text, "title": row.title or ""}
        task = tasks.setdefault(row.text, {"data": data, "annotations": []})
        annotation = {"completed_by": {"email": row.by}, "created_at": row.date}
        task["annotations"].append({**annotation, "result": list(_results(row))})
    numbered = [{"id": number, **task} for number, task in enumerate(tasks.values(), 1)]
    return json.dumps(numbered, ensure_ascii=False, indent=1).encode()


def _results(row: LabelledRow) -> Iterator[dict[str, Any]]:
    if row.topics:
        yield _result("topic", "choices", row.topics)
    if None in row.stances:
        yield _result("overall", "choices", [row.stances[None]])
    if row.of_targets:
        yield _result("stance", "taxonomy", [list(pair) for pair in row.of_targets.items()])
    if row.summary:
        yield _result("summary", "textarea", [row.summary])


def _result(name: str, type_: str, values: list[Any]) -> dict[str, Any]:
    key = "text" if type_ == "textarea" else type_
    return {"id": name, "from_name": name, "to_name": "text", "type": type_, "value": {key: values}}


def decode(content: str, by: str | None) -> Found:
    """The corrections in a file, each with its place, as members of a `Correction`.

    `by` stands in for a person that the file does not name. Cancelled annotations, and those of
    other controls, are passed over. Raises ValueError, LookupError, TypeError or AttributeError for
    another shape.
    """
    for number, task in enumerate(json.loads(content), 1):
        for annotation in task["annotations"]:
            said = _said(annotation["result"], task["data"])
            if said and not annotation.get("was_cancelled"):
                data = {"text": task["data"]["text"], "title": task["data"].get("title") or None}
                person = _person(annotation.get("completed_by")) or by
                yield f"task {number}", {**data, **said, "by": person}


def _said(results: Iterable[Mapping[str, Any]], data: Mapping[str, Any]) -> dict[str, Any]:
    """What the results of an annotation say."""
    said: dict[str, Any] = {}
    stances: list[dict[str, Any]] = []
    for result in results:
        name, values = result.get("from_name"), _values(result)
        if name == "topic" and values:
            topic, *also = (_last(value) for value in values)
            said |= {"topic": topic, "also": also}
        elif name == "overall" and values:
            stances.append({"label": _last(values[0])})
        elif name == "stance":
            stances += [_stance(value, data) for value in values]
        elif name == "summary" and values:
            said["summary"] = "\n".join(values)
    return said | ({"stance": stances} if stances else {})


def _values(result: Mapping[str, Any]) -> list[Any]:
    """The values of a result, whose key is called as its type, or `text` in a text area."""
    value, type_ = result["value"], result["type"]
    found = value["text" if type_ == "textarea" else type_]
    return [found] if isinstance(found, str) else list(found)


def _last(value: Any) -> Any:
    """A choice, or the last step of a path in a taxonomy."""
    return value[-1] if isinstance(value, list) else value


def _stance(value: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(value, list) and len(value) > 1:
        return {"target": value[-2], "label": value[-1]}
    return {"target": data.get("target") or None, "label": _last(value)}


def _person(completed_by: Any) -> str | None:
    """Who annotated: an address, a name, or the number of a user."""
    if isinstance(completed_by, Mapping):
        names = (completed_by.get(name) for name in ("first_name", "last_name"))
        name = " ".join(name for name in names if name)
        return completed_by.get("email") or name or _person(completed_by.get("id"))
    return None if completed_by is None else f"user {completed_by}"
