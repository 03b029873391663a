"""What is wrong with a value, in plain words: not in those of the library that found it.

`plain` turns an error of pydantic into a clause of our own; one that the table does not know gets a
general clause. Values are never repeated, names of fields only where they are plain identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from models.article import READABLE

READABLE_ON_A_PAGE = rf">[^<]*{READABLE}"
JOB_ID = r"^[0-9a-f]{32}$"

GENERAL = "It is not what this field takes"
PATTERNS: Mapping[str, str] = {
    READABLE: "There is no letter and no digit in it",
    READABLE_ON_A_PAGE: "There is no letter and no digit in the text of the page",
    JOB_ID: "It is no id of this service",
}
PLAIN: Mapping[str, str] = {
    "missing": "It is missing",
    "model_type": "It is not a JSON object",
    "string_type": "It is not a string",
    "string_unicode": "There is half a surrogate pair in it, which is no character",
    "string_too_short": "It is shorter than {min_length} characters",
    "string_too_long": "It is longer than {max_length} characters",
    "list_type": "It is not a list",
    "tuple_type": "It is not a list",
    "frozen_set_type": "It is not a list",
    "too_short": "It holds fewer than {min_length} items",
    "too_long": "It holds more than {max_length} items",
    "enum": "It is not one of {expected}",
    "literal_error": "It is not one of {expected}",
    "bool_type": "It is neither true nor false",
    "bool_parsing": "It is neither true nor false",
    "int_type": "It is not a whole number",
    "int_parsing": "It is not a whole number",
    "int_parsing_size": "It is not a whole number of a size that can be read",
    "int_from_float": "It is not a whole number",
    "float_type": "It is not a number",
    "float_parsing": "It is not a number",
    "finite_number": "It is not a finite number",
    "greater_than": "It is not more than {gt}",
    "greater_than_equal": "It is less than {ge}",
    "less_than": "It is not less than {lt}",
    "less_than_equal": "It is more than {le}",
    "path_type": "It is not a path",
}
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def plain(found: Mapping[str, Any]) -> str:
    """What an error of pydantic says, as a clause that begins with a capital."""
    type_, context = found["type"], found.get("ctx", {})
    if type_ == "value_error":  # our own validators raise it, with a message that holds no input
        message = str(context["error"])
        return message[:1].upper() + message[1:]
    if context.get("min_length") == 1:
        return "It is empty"
    if type_ == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], GENERAL)
    return PLAIN.get(type_, GENERAL).format(**context)


def is_nameable(name: str) -> bool:
    """Whether a name that a client sent may stand in an answer."""
    return _IDENTIFIER.fullmatch(name) is not None


def path(loc: Iterable[int | str], sent: Any = None) -> str:
    """Where something is in what was sent, as a dotted path; unnameable fields by position."""
    steps = []
    for step in loc:
        if isinstance(step, str) and not is_nameable(step):
            steps.append(f"({position(sent, step)})")
        else:
            steps.append(str(step))
        sent = sent.get(step) if isinstance(sent, Mapping) else None
    return ".".join(steps)


def position(sent: Any, name: str) -> int:
    """Which member of an object has this name, counted from 1."""
    return list(sent).index(name) + 1 if isinstance(sent, Mapping) and name in sent else 1


def unknown(what: str, name: str, place: int, known: Sequence[str], within: str = "") -> str:
    """That there is no `what` of this name `within` something, and which there are."""
    where = f" in `{within}`" if within else ""
    listed = f"there are {', '.join(known)}" if known else "none is taken here"
    if not is_nameable(name):
        return f"The name of {what} {place}{where} is not known; {listed}"
    near = nearest(name, known)
    told = f"did you mean `{near}`?" if near else listed
    return f"There is no {what} `{name}`{where}; {told}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, if one is."""
    lowered = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(name.lower(), lowered, n=1)
    return lowered[found[0]] if found else None
