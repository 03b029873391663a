"""JSON as RFC 8259 means it, from bytes that nobody trusts.

The shape is checked before anything is built: a document of a few brackets that would become
hundreds of megabytes of objects is refused while it is still text. Python's own parser would also
take the last of two equal keys, and NaN.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NoReturn

from service.errors import InvalidRequest, MalformedBody, TooManyItems

MAX_DEPTH = 8
MAX_PARTS = 1000  # brackets, commas and strings; a full request has about 100
PARTS_EACH = 128  # what the articles of an array have at most, on average
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
    if any(depth > MAX_DEPTH for depth, *_ in _parts(text)):
        raise MalformedBody(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except ValueError:
        raise MalformedBody(
            "The body is not JSON; check its quotes, commas and brackets."
        ) from None


def split_array(text: str, max_items: int) -> list[str]:
    """The texts of an array's items, none of them parsed: each may be refused by itself.

    Raises MalformedBody unless the text is an array, or where an item has more than MAX_PARTS
    parts; TooManyItems when there are more than `max_items`.
    """
    stripped = text.strip()
    if not (stripped.startswith("[") and stripped.endswith("]")):
        raise MalformedBody("The body is not a JSON array; send [...] or one article a line.")
    cuts = [0, *_item_ends(stripped, max_items)]
    if cuts[-1] != len(stripped) - 1:
        raise MalformedBody("The array's brackets do not match; check the end of the body.")
    items = [stripped[a + 1 : b].strip() for a, b in pairwise(cuts)]
    if items == [""]:
        raise InvalidRequest("The array is empty; send at least one article.")
    if "" in items:
        raise MalformedBody("The array has an empty item; check its commas.")
    return items


def _item_ends(text: str, max_items: int) -> Iterator[int]:
    items = 0
    for depth, name, end in _parts(text, in_array=True):
        if not (depth == 0 or (depth == 1 and name == ",")):
            continue
        items += 1
        if items > max_items:
            raise TooManyItems(
                f"The array has more than {max_items} articles; send several arrays, or NDJSON."
            )
        yield end - 1
        if depth == 0 and end != len(text):
            raise MalformedBody("The body goes on after the array; send one array.")


def _parts(text: str, *, in_array: bool = False) -> Iterator[tuple[int, str, int]]:
    """Each bracket, comma and string of a JSON text: the depth that it leaves, its first character,
    its end. The depth is 1 inside the outermost bracket.

    With `in_array` the bound on parts holds for each item of the outermost array, and on average
    an item has no more than PARTS_EACH.
    """
    end = depth = 0
    parts_left = MAX_PARTS
    while end < len(text):
        for match in _PART.finditer(text, end):
            end = match.end()
            name = match[1]
            if name is None:
                continue
            parts_left -= 1
            if name == ",":
                if depth == 1 and in_array:
                    parts_left = min(MAX_PARTS, parts_left + PARTS_EACH)
            elif name == '"':
                end = _string_end(text, end)
            else:
                depth += 1 if name in "[{" else -1
            if parts_left < 0:
                raise MalformedBody(
                    f"The JSON of an article has more than {MAX_PARTS} parts, or that of many "
                    f"more than {PARTS_EACH} each."
                    if in_array
                    else f"The JSON of an article has more than {MAX_PARTS} parts."
                )
            yield depth, name, end
            if name == '"':
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
