"""JSON as RFC 8259 means it, from bytes that nobody trusts.

The shape is checked before anything is built: a document of a few brackets that would become
hundreds of megabytes of objects is refused while it is still text. Python's own parser would also
take the last of two equal keys, and NaN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from service.errors import InvalidRequest, MalformedBody

MAX_DEPTH = 8
MAX_PARTS = 1000  # brackets, commas and strings; a full request has about 100
# Python's `re` holds the interpreter's lock while it matches: each match is short, and the
# possessive quantifiers (Python 3.11) keep it linear and without a backtracking stack.
_PART = re.compile(r'([\[\]{},"])|[^\[\]{},"]{1,65536}+')
_IN_STRING = re.compile(r'(?:[^"\\]{1,512}+|\\.){1,512}+', re.DOTALL)


def decode(body: bytes) -> str:
    """The text of a body. Raises MalformedBody unless it is UTF-8."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MalformedBody("The body is not UTF-8; encode the JSON as UTF-8.") from None


def loads(text: str) -> Any:
    """The value of a JSON text.

    Raises MalformedBody on anything that is not JSON, nested deeper than MAX_DEPTH, of more than
    MAX_PARTS parts or with a key twice; InvalidRequest on NaN and Infinity.
    """
    if any(depth > MAX_DEPTH for depth in _depths(text)):
        raise MalformedBody(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except ValueError:
        raise MalformedBody(
            "The body is not JSON; check its quotes, commas and brackets."
        ) from None


def _depths(text: str) -> Iterator[int]:
    """The depth after each bracket, comma and string; 1 inside the outermost bracket.

    Raises MalformedBody past MAX_PARTS of them.
    """
    end = depth = parts = 0
    while end < len(text):
        for match in _PART.finditer(text, end):
            end = match.end()
            name = match[1]
            if name is None:
                continue
            parts += 1
            if parts > MAX_PARTS:
                raise MalformedBody(f"The JSON of an article has more than {MAX_PARTS} parts.")
            if name in "[{":
                depth += 1
            elif name in "]}":
                depth -= 1
            yield depth
            if name == '"':
                end = _string_end(text, end)
                break


def _string_end(text: str, start: int) -> int:
    """Behind the quote that ends the string, or where the text ends without one."""
    while (quote := text.find('"', start)) >= 0:
        if text[quote - 1] != "\\":
            return quote + 1
        piece = _IN_STRING.match(text, start)
        if piece is None:
            return quote + 1
        start = piece.end()
    return len(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedBody("A JSON object has the same key twice; keep one of them.")
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise InvalidRequest("NaN and Infinity are not JSON; leave the field out.")
