"""Regular expressions that match in time linear in the text: RE2's, by its maintained binding.

RE2 never backtracks (Cox 2010, "Regular expression matching in the wild"). It has no look-around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol, cast

import re2

MAX_PATTERN_BYTES = 64 * 2**20
"""What a pattern and its automaton may take; past it matching goes on, more slowly."""
WORD_CHARS = r"0-9A-Z_a-z\x{c0}-\x{24f}\x{370}-\x{1fff}\x{2c00}-\x{d7ff}"
"""What `\\w` stands for. RE2's own is ASCII, and its classes of all letters are very large."""


class Pattern(Protocol):
    """What is used of a compiled pattern. It copies the text that it is given: give it a piece."""

    def fullmatch(self, text: str) -> re.Match[str] | None: ...
    def match(self, text: str) -> re.Match[str] | None: ...
    def search(self, text: str) -> re.Match[str] | None: ...
    def finditer(self, text: str) -> Iterator[re.Match[str]]: ...


def compiled(pattern: str) -> Pattern:
    """A compiled pattern. `\\w` knows letters of all scripts; `\\b`, `\\d`, `\\s` are ASCII's.

    Raises re2.error where RE2 does not take it.
    """
    options = re2.Options()
    options.max_mem = MAX_PATTERN_BYTES
    options.log_errors = False
    return cast(Pattern, re2.compile(_spelled_out(pattern), options))


def _spelled_out(pattern: str) -> str:
    """The pattern with `\\w` as a class, or as a part of the class that it stands in."""
    spelled, in_class = [], False
    for part in re.findall(r"\\.|.", pattern, re.DOTALL):
        if part == r"\w":
            part = WORD_CHARS if in_class else f"[{WORD_CHARS}]"
        elif part in "[]":
            in_class = part == "["
        spelled.append(part)
    return "".join(spelled)
