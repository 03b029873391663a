"""A row of an archive: what is read of it, or why it cannot be scored."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from models.article import MAX_TARGET_CHARS, MAX_TITLE_CHARS

MAX_ROW_BYTES = 8 * 2**20
ROW_BYTES = 128
"""The size of a row in memory, without its values."""
UNFOLDED_RATIO = 256
UNFOLDED_SPARE_BYTES = 2**30
"""A file may unfold to so many times its size, and these bytes: repeats are packed very well."""
UNFOLDS = f"the file unfolds to more than {UNFOLDED_RATIO} times its size"
MAX_ID_CHARS = 1000

Check = Callable[[], object]
"""Called between the steps of a reading. What it raises ends the reading."""


@dataclass(frozen=True, slots=True)
class InputColumns:
    """The names of the columns. None: `title` and `id` where a row has them; no target, no date.

    `where` holds columns and the values that they have in the rows that are read at all.
    """

    text: str = "text"
    title: str | None = None
    id: str | None = None
    target: str | None = None
    date: str | None = None
    where: tuple[tuple[str, str], ...] = ()

    @property
    def asked(self) -> tuple[str, ...]:
        """The columns that a table must have."""
        optional = (self.title, self.id, self.target, self.date)
        where = (name for name, _ in self.where)
        return (self.text, *(name for name in optional if name is not None), *where)

    def take(self, values: Mapping[str, object]) -> bool:
        """Whether a row with these values is read."""
        return all(_shown(values.get(name)) == wanted for name, wanted in self.where)

    @property
    def readable(self) -> tuple[str, ...]:
        """The columns that are read where they are there."""
        return (*self.asked, self.title or "title", self.id or "id")


@dataclass(frozen=True, slots=True)
class Row:
    """An article as it stands in a file. `line` is counted from 1, in Parquet by rows."""

    file: str
    line: int
    id: str | None
    date: str | None
    text: str
    title: str | None = None
    target: str | None = None
    digest: bytes = field(default=b"", repr=False)
    """Equal for rows that have the same answer."""

    def __post_init__(self) -> None:
        if not self.digest:
            digest = _digest(_text_digest(self.text), self.title, self.target)
            object.__setattr__(self, "digest", digest)

    @property
    def chars(self) -> int:
        """The length of what is read of it."""
        return len(self.text) + len(self.title or "") + len(self.target or "")

    def place(self) -> Row:
        """The row without what is read of it."""
        return replace(self, text="", title=None, target=None)

    @property
    def fingerprint(self) -> bytes:
        """Equal for rows that leave the same line in the output."""
        return self.digest + _digest(str(self.line), self.id, self.date)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that is not scored, and why. Its text is nowhere in the reason."""

    file: str
    line: int
    id: str | None
    reason: str

    @property
    def fingerprint(self) -> bytes:
        """Equal for rejections that leave the same line in the output."""
        return _digest(str(self.line), self.id, self.reason)


class _Invalid(Exception):
    """Why a row is rejected."""


def read_row(
    file: str, line: int, values: Mapping[str, object], columns: InputColumns
) -> Row | Rejected | None:
    """The row in the values of its columns, of whatever type a file gave them; None: not taken."""
    if not columns.take(values):
        return None
    name = None
    try:
        name = _name(values.get(columns.id or "id"))
        return Row(
            file=file,
            line=line,
            id=name,
            date=_date(values.get(columns.date)) if columns.date else None,
            text=_article(values.get(columns.text)),
            title=_text("title", values.get(columns.title or "title"), MAX_TITLE_CHARS),
            target=_text("target", values.get(columns.target), MAX_TARGET_CHARS)
            if columns.target
            else None,
        )
    except _Invalid as invalid:
        return Rejected(file, line, name, str(invalid))


def _article(value: object) -> str:
    text = _text("text", value, MAX_ROW_BYTES, _text_digest)
    if text is None:
        raise _Invalid("there is no text to read")
    return text


def _text(
    what: str, value: object, most_chars: int, encode: Callable[[str], bytes] = str.encode
) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _Invalid(f"the {what} is not a string")
    if len(value) > most_chars:
        raise _Invalid(f"the {what} is longer than {most_chars} characters")
    try:
        encode(value)
    except UnicodeEncodeError:
        raise _Invalid(f"the {what} is not valid Unicode") from None
    return None if not value or value.isspace() else value


def _name(value: object) -> str | None:
    if isinstance(value, bool | float):
        raise _Invalid("the id is neither a string nor a whole number")
    return _text("id", str(value) if isinstance(value, int) else value, MAX_ID_CHARS)


def _date(value: object) -> str | None:
    """Dates as ISO 8601; what a string says is kept as it is."""
    if isinstance(value, datetime.date):  # a datetime is one
        return value.isoformat()
    return _text("date", str(value) if isinstance(value, int | float) else value, 64)


def _shown(value: object) -> str:
    """A value as it is written after `column=`."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date):
        return value.isoformat()
    return "" if value is None else str(value)


def _digest(*parts: str | bytes | None) -> bytes:
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part or b""
        whole.update(b"%d:" % (-1 if part is None else len(content)))
        whole.update(content)
    return whole.digest()


class _Digest:
    """The digest of a text. The last one is kept: the next row often holds the same object."""

    def __init__(self) -> None:
        self._last: tuple[str, bytes] = ("", _digest(""))

    def __call__(self, text: str) -> bytes:
        last = self._last
        if last[0] is not text:
            last = self._last = (text, _digest(text))
        return last[1]


_text_digest = _Digest()
