"""From a file of labelled articles to its rows of one role, under our names of columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from models import registry
from training.config import Source
from training.data.columns import COLUMNS, cleaned, way_out
from training.data.files import Row, open_table
from training.data.names import LabelNames, Labels
from training.data.places import Broken, Place
from training.data.roles import Role, role_of

OWN_GOLD = frozenset({"topics", "stances", "summary", "subject", "genre"})
"""The gold that `Labelled` has a field for. Any other of a task is a column of that name."""
LABEL_SETS = {
    "topic": "topic",
    "also": "topic",
    "stance": "stance",
    "stances": "stance",
    "overall": "stance",
    "genre": "form",
}
"""The label set that the values of a column are from."""


def rows(source: Source, role: Role, labels: Labels | None = None) -> Iterator[Row]:
    """The rows of a file whose texts have a role, in its order. Raises DataError.

    Labels of the sets that are given have their names, however they are written.
    """
    for row in read(source, labels):
        if isinstance(row, Broken):
            raise row
        if has_text(row) and role_in(source, row) is role:
            yield row


def has_text(row: Row) -> bool:
    """Whether there is a letter or a digit to read in a row."""
    return any(map(str.isalnum, row.values.get("text") or ""))


def role_in(source: Source, row: Row) -> Role:
    """The role of a row's text."""
    id = row.values.get("id")
    return role_of(row.values["text"], None if id is None else str(id), source.report_ids)


def is_untargeted(row: Row) -> bool:
    """Whether a row has a stance, and no target where its file has a column of them. It is not
    known what such a stance is toward, so nothing is learned from it."""
    values = row.values
    return bool(values.get("stance") and not values.get("target") and "target" in row.columns)


def other_gold() -> set[str]:
    """The columns with the gold of tasks that `Labelled` has no field for."""
    return {task.gold for task in registry.tasks() if task.gold} - OWN_GOLD


def read(
    source: Source, labels: Labels | None = None, also: Collection[str] = ()
) -> Iterator[Row | Broken]:
    """All rows of a file that its source takes, whatever their role; `also` are more columns.

    Raises Broken where the file cannot be read at all.
    """
    table = open_table(source.path, {source.columns.get("text", "text")})
    names = _named(table.columns, source)
    known = COLUMNS | other_gold() | set(also)
    wanted = sorted(known.difference(source.without).intersection(names))
    filters = _filters(source)
    asked = {name: names[name] for name in (*wanted, *source.where, *source.matching)}
    there = frozenset(names).difference(source.without)
    canonical = _canonical(source, labels or {})
    found = False
    for row in table.rows(frozenset(asked.values())):
        found = True
        if isinstance(row, Broken):
            yield row
            continue
        values = {ours: row.values.get(theirs) for ours, theirs in asked.items()}
        if not all(takes(values.get(name)) for name, takes in filters):
            continue
        try:
            clean = {name: cleaned(name, values[name]) for name in wanted}
        except ValueError as error:
            yield Broken(row.place, str(error))
            continue
        yield Row(row.place, canonical(clean), there)
    if not found:
        has = ", ".join(map(repr, table.columns)) or "none"
        raise Broken(
            Place(source.path), f"it has no rows (its columns: {has}); give labelled articles"
        )


def _named(columns: Collection[str], source: Source) -> dict[str, str]:
    """The file's columns by our names. Raises Broken where one is not there that is named.

    A column that is named takes the place of one of its own that has the name.
    """
    theirs = {ours: theirs for ours, theirs in source.columns.items() if ours != theirs}
    has = way_out((), columns)
    for column in source.columns.values():
        if column not in columns:
            reason = f"'columns' names the column {column!r}, which is not there; {has}"
            raise Broken(Place(source.path), reason)
    names = {name: name for name in columns if name and name not in theirs.values()} | theirs
    if "text" not in names:
        way = way_out(("text", "topic", "stance"), columns)
        raise Broken(Place(source.path), f"no column 'text'; {way}")
    named = [("where", name) for name in source.where]
    named += [("matching", name) for name in source.matching]
    named += [("without", name) for name in source.without]
    if source.report_ids is not None:
        named.append(("report_ids", "id"))
    for option, column in named:
        if column not in names:
            reason = f"{option!r} names the column {column!r}, which is not there; {has}"
            raise Broken(Place(source.path), reason)
    return names


def _filters(source: Source) -> list[tuple[str, Callable[[Any], bool]]]:
    """For columns, whether a row with a value is taken."""

    def among(value: Any) -> Callable[[Any], bool]:
        allowed = value if isinstance(value, list) else [value]
        written = {str(each).casefold() for each in allowed if not isinstance(each, str)}
        return lambda found: (
            found in allowed or (isinstance(found, str) and found.casefold() in written)
        )

    def matching(pattern: str) -> Callable[[Any], bool]:
        finds = re.compile(pattern).search
        return lambda found: finds("" if found is None else str(found)) is not None

    return [
        *((name, among(value)) for name, value in source.where.items()),
        *((name, matching(pattern)) for name, pattern in source.matching.items()),
    ]


def _canonical(source: Source, labels: Labels) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What gives the labels of a row the names that they have in their sets."""
    names = {
        which: LabelNames(labels[which], source.stances if which == "stance" else ())
        for which in set(LABEL_SETS.values()) & labels.keys()
        if labels[which] and not (which == "form" and source.genres)
    }
    columns = {column: names[which] for column, which in LABEL_SETS.items() if which in names}

    def canonical(values: dict[str, Any]) -> dict[str, Any]:
        for column in columns.keys() & values.keys():
            found = values[column]
            if isinstance(found, list):
                values[column] = [columns[column].read(each) for each in found]
            elif found is not None:
                values[column] = columns[column].read(found)
        return values

    return canonical
