"""Where the pages of a Parquet file are, and what they declare, before any of them is unfolded.

The footer and the header of each page are structs in Thrift's compact protocol; all of it is
specified in https://github.com/apache/parquet-format and https://github.com/apache/thrift
(doc/specs). What two readers could understand in two ways is refused. pyarrow shows no page
headers, and where a column's metadata is damaged its `RowGroupMetaData.column` ends the process.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from typing import NamedTuple

ReadAt = Callable[[int, int], bytes]
"""Some bytes of a file from an offset on; fewer at its end."""

USUAL_HEADER_BYTES, MAX_HEADER_BYTES = 2**12, 2**20
MAX_DEPTH = 16
STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)
WHOLE = (I16, I32, I64)

PREFIXES = 7
"""The encoding in which a value is what it shares with the value before it, and the rest."""
DICTIONARIES = (2, 8)
"""The encodings in which a value is a place in the dictionary of its column."""

GROUPS = 4
COLUMNS, GROUP_BYTES, GROUP_ROWS = 1, 2, 3
METADATA = 3
VALUES, PACKED_BYTES, FIRST_PAGE, DICTIONARY_PAGE = 5, 7, 9, 11
PAGE_BYTES, PAGE_PACKED_BYTES = 2, 3
DATA, DICTIONARY, DATA_V2 = 5, 7, 8
PAGE_VALUES, ENCODING = 1, {DATA: 2, DICTIONARY: 2, DATA_V2: 4}


class Malformed(Exception):
    """Bytes are not what must be there."""


class Chunk(NamedTuple):
    """The pages of a column in a row group: where they are, and how many values they hold."""

    column: int
    begin: int
    end: int
    values: int


class Group(NamedTuple):
    """A row group as the footer declares it."""

    rows: int
    size_bytes: int
    chunks: Sequence[Chunk]

    @property
    def packed_bytes(self) -> int:
        return sum(chunk.end - chunk.begin for chunk in self.chunks)


class Page(NamedTuple):
    """A page as its header declares it; `values` is 0 for a dictionary."""

    size_bytes: int
    packed_bytes: int
    values: int
    encoding: int


def groups(footer: bytes, columns: Container[int]) -> Iterator[Group]:
    """The row groups of a footer, with the chunks of some columns. Raises Malformed."""
    content = _Content(footer)
    try:
        for name, kind in content.fields():
            if name == GROUPS:
                for _ in range(content.count(kind, STRUCT)):
                    yield _group(content, columns)
            else:
                content.skip(kind)
    except IndexError:
        raise Malformed from None


def pages(read_at: ReadAt, chunk: Chunk) -> Iterator[Page]:
    """The pages of a chunk, as many as hold its values. Raises Malformed."""
    begin, found = chunk.begin, 0
    while found < chunk.values:
        if begin >= chunk.end:
            raise Malformed
        page, size_bytes = _read_page(read_at, begin)
        found += page.values
        begin += size_bytes + page.packed_bytes
        yield page


def _group(content: _Content, columns: Container[int]) -> Group:
    chunks: list[Chunk] = []
    numbers = {GROUP_BYTES: -1, GROUP_ROWS: -1}
    for name, kind in content.fields():
        if name == COLUMNS:
            for column in range(content.count(kind, STRUCT)):
                if column in columns:
                    chunks.append(_chunk(content, column))
                else:
                    content.skip(STRUCT)
        elif name in numbers:
            numbers[name] = content.whole(kind)
        else:
            content.skip(kind)
    return Group(numbers[GROUP_ROWS], numbers[GROUP_BYTES], chunks)


def _chunk(content: _Content, column: int) -> Chunk:
    numbers: dict[int, int] = {}
    for name, kind in content.fields():
        if name == METADATA and kind == STRUCT:
            numbers = content.numbers()
        else:
            content.skip(kind)
    first, values = numbers.get(FIRST_PAGE, -1), numbers.get(VALUES, -1)
    begin = min(first, numbers.get(DICTIONARY_PAGE) or first)
    packed_bytes = numbers.get(PACKED_BYTES, -1)
    if min(begin, values, packed_bytes) < 0:
        raise Malformed
    return Chunk(column, begin, begin + packed_bytes, values)


def _read_page(read_at: ReadAt, begin: int) -> tuple[Page, int]:
    """The page at an offset, and the length of its header."""
    for most in (USUAL_HEADER_BYTES, MAX_HEADER_BYTES):
        content = _Content(read_at(begin, most))
        try:
            return _page(content), content.place
        except IndexError:  # the header is longer than what was read
            continue
    raise Malformed


def _page(content: _Content) -> Page:
    sizes = {PAGE_BYTES: -1, PAGE_PACKED_BYTES: -1}
    found: list[tuple[int, int]] = []
    for name, kind in content.fields():
        if name in sizes:
            sizes[name] = content.whole(kind, I32)
        elif name in ENCODING and kind == STRUCT:
            numbers = content.numbers()
            values = 0 if name == DICTIONARY else numbers.get(PAGE_VALUES, -1)
            found.append((values, numbers.get(ENCODING[name], -1)))
        else:
            content.skip(kind)
    if len(found) > 1:
        raise Malformed
    values, encoding = found[0] if found else (0, 0)
    page = Page(sizes[PAGE_BYTES], sizes[PAGE_PACKED_BYTES], values, encoding)
    if not all(0 <= number < 2**31 for number in page):
        raise Malformed
    return page


class _Content:
    """Bytes in the compact protocol. Raises IndexError at their end, and Malformed."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.place = 0

    def fields(self) -> Iterator[tuple[int, int]]:
        """The number and the type of each field of a struct; the caller takes its value."""
        name = 0
        names = set()
        while head := self._byte():
            delta, kind = divmod(head, 16)
            name = name + delta if delta else self._zigzag()
            if name in names:
                raise Malformed
            names.add(name)
            yield name, kind

    def numbers(self) -> dict[int, int]:
        """The fields of a struct that are whole numbers."""
        found: dict[int, int] = {}
        for name, kind in self.fields():
            if kind in WHOLE:
                found[name] = self.whole(kind, kind)
            else:
                self.skip(kind)
        return found

    def whole(self, kind: int, wanted: int = I64) -> int:
        """A whole number."""
        if kind != wanted:
            raise Malformed
        return self._zigzag()

    def count(self, kind: int, wanted: int) -> int:
        """How many items a list of some type has; they follow."""
        if kind != LIST:
            raise Malformed
        count, kind = self._list()
        if kind != wanted:
            raise Malformed
        return count

    def skip(self, kind: int, depth: int = MAX_DEPTH) -> None:
        """Pass over a value."""
        if not depth:
            raise Malformed
        if kind in WHOLE:
            self._varint()
        elif kind == BINARY:
            self._pass(self._varint())
        elif kind in (BYTE, DOUBLE):
            self._pass(1 if kind == BYTE else 8)
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth - 1)
        elif kind in (LIST, SET):
            count, inner = self._list()
            for _ in range(count):
                self.skip(BYTE if inner in (TRUE, FALSE) else inner, depth - 1)
        elif kind not in (TRUE, FALSE):  # the format has no maps
            raise Malformed

    def _list(self) -> tuple[int, int]:
        count, kind = divmod(self._byte(), 16)
        return (self._varint() if count == 15 else count), kind

    def _byte(self) -> int:
        value = self._content[self.place]
        self.place += 1
        return value

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 64, 7):
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise Malformed

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _pass(self, count: int) -> None:
        self.place += count
        if self.place > len(self._content):
            raise IndexError
