"""Values of header fields that have parameters, as RFC 9110 has them (section 5.6.6).

Nothing is guessed: what is not of this grammar is no value. The standard library's parser is made
for mail; it repairs, decodes and raises on what a client makes up.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_CHARS = 1024
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_NAME = re.compile(rf"{_WORD}(?:/{_WORD})?+")
_TEXT = r"\t \x21\x23-\x5b\x5d-\x7e\x80-\xff"
_PARAMETER = re.compile(
    rf'[\t ]*+;[\t ]*+(?:({_WORD})=(?:({_WORD})|"((?:[{_TEXT}]|\\["\\{_TEXT}])*+)"))?+'
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class HeaderValue:
    """A value such as a media type, and its parameters; names are in lower case."""

    name: str
    parameters: Mapping[str, str]


def parse_value(text: str) -> HeaderValue | None:
    """The value of a header field; None where it is none, or has a parameter twice."""
    if len(text) > MAX_CHARS or (name := _NAME.match(text)) is None:
        return None
    parameters: dict[str, str] = {}
    end = name.end()
    while parameter := _PARAMETER.match(text, end):
        end = parameter.end()
        key, token, quoted = parameter.groups()
        if key is None:  # nothing between two semicolons
            continue
        if key.lower() in parameters:
            return None
        parameters[key.lower()] = token or _ESCAPED.sub(r"\1", quoted)
    if text[end:].strip("\t "):
        return None
    return HeaderValue(name[0].lower(), parameters)
