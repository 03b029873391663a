"""The columns that training knows, and what their values may be."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

PAIR_COLUMNS = frozenset({"target", "stance", "group"})
LIST_COLUMNS = frozenset({"targets", "stances", "kinds", "evidence"})
EDIT_COLUMNS = frozenset({"starts", "ends", "sentences"})
COLUMNS = (
    frozenset({"id", "text", "title", "topic", "also", "overall", "summary", "subject", "genre"})
    | PAIR_COLUMNS
    | LIST_COLUMNS
    | EDIT_COLUMNS
)
TEXTS = frozenset({"text", "title", "target", "summary", "subject"})
LABELS = frozenset({"topic", "stance", "overall", "genre"})
LISTS = frozenset({"targets", "stances", "kinds", "sentences"})
OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": ("body", "article", "content", "story", "fulltext", "articletext", "document"),
    "title": ("headline",),
    "topic": ("label", "labels", "category", "section", "class", "topics", "tag", "desk", "y"),
    "target": ("claim", "entity", "about", "aspect"),
    "stance": ("label", "sentiment", "position", "polarity", "opinion"),
    "overall": ("label", "leaning", "sentiment"),
}
"""What other people call our columns, without case and marks."""
NAME_CHARS = 60
"""What is longer names no column."""
KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "an object",
    bytes: "bytes",
    str: "text",
}


def cleaned(name: str, value: Any) -> Any:
    """A value of a column as it is used; NaN is a value that is missing.

    A label may be a number. Raises ValueError with what is wrong.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if name in LABELS or name == "also":
        value = _as_label(value)
    if name in TEXTS or name in LABELS:
        _check(isinstance(value, str), f"{name!r} is {kind(value)}, and must be text")
    elif (name == "also" and not isinstance(value, str)) or name in LISTS:
        value = _texts(name, value)
    if name in TEXTS or name in LABELS:
        _check_unicode(name, value)
    return value


def _as_label(value: Any) -> Any:
    """A label that a table holds as a number: 3 or 3.0 is "3"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if type(value) is int else value


def _texts(name: str, value: Any) -> list[str]:
    _check(isinstance(value, list), f"{name!r} is {kind(value)}, and must be a list of texts")
    for each in value:
        _check(isinstance(each, str), f"{name!r} has {kind(each)} in it, and must hold texts alone")
        _check_unicode(name, each)
    return list(value)


def _check_unicode(name: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name!r} has half of a character; write the row again") from None


def _check(holds: bool, reason: str) -> None:
    if not holds:
        raise ValueError(f"{reason}; mend the row, or leave the column out by 'without'")


def kind(value: Any) -> str:
    """What a value is, in words."""
    if value is None:
        return "nothing"
    return KINDS.get(type(value), f"a {type(value).__name__}")


def suggested(ours: str, columns: Iterable[str]) -> str | None:
    """The column of a file that is most likely meant by a name of ours."""
    known = {plain(name): name for name in columns if name}
    for name in (ours, *OTHER_NAMES.get(ours, ())):
        if name in known:
            return known[name]
    close = difflib.get_close_matches(ours, known, 1, 0.7)
    return known[close[0]] if close else None


def plain(name: str) -> str:
    """A name of a column without case and marks."""
    return "".join(filter(str.isalnum, name.casefold()))


def way_out(ours: Iterable[str], columns: Iterable[str]) -> str:
    """How to name columns of a file in a config, and which it has."""
    there = [name for name in columns if name]
    if any(len(name) > NAME_CHARS for name in there):
        return "its first line names no columns; put one above the rows, such as text,topic"
    found = {name: meant for name in ours if (meant := suggested(name, there))}
    example = ", ".join(f'{name} = "{meant}"' for name, meant in found.items())
    has = f"it has {', '.join(map(repr, there))}" if there else "it has none"
    return f"{has}; name it in the config{f', as in columns = {{ {example} }}' if example else ''}"
