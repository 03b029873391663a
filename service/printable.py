"""Text of others as a terminal may have it: nothing in it moves the cursor or turns the line."""

from __future__ import annotations

import re

# C0 without tab and line feed, DEL, C1, the characters of Unicode's Bidi_Control, surrogates.
_ACTIVE = re.compile(
    "[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_PICTURES, _DELETE_PICTURE, _NO_PICTURE = 0x2400, "\u2421", "\ufffd"


def as_text(name: object) -> str:
    """A file's name as text: bytes of it that are not UTF-8 are escaped."""
    return str(name).encode("utf-8", "backslashreplace").decode()


def printable(text: str) -> str:
    """The text with a visible character for each one that a terminal would act on: ␛ for ESC.

    It is as long as before, so that offsets into it hold. The end of a line is a line feed alone.
    """
    return _ACTIVE.sub(lambda match: _picture(match[0]), text.replace("\r\n", " \n"))


def printable_line(text: str) -> str:
    """The same on one line."""
    return printable(text).replace("\n", "\u240a").replace("\t", " ")


def printable_json(text: str) -> str:
    """JSON with the same characters escaped, where they stand in its strings."""
    return _ACTIVE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _picture(mark: str) -> str:
    if mark < " ":
        return chr(_PICTURES + ord(mark))
    return _DELETE_PICTURE if mark == "\x7f" else _NO_PICTURE
