"""The pages of a Parquet column as they are declared, before any of them is unfolded.

A page begins with a `PageHeader` in Thrift's compact protocol; both are specified in
https://github.com/apache/parquet-format and https://github.com/apache/thrift (doc/specs). A header
that two readers could read in two ways is not taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

ReadAt = Callable[[int, int], bytes]
"""Some bytes of a file from an offset on; fewer at its end."""

USUAL_HEADER_BYTES, MAX_HEADER_BYTES = 2**12, 2**20
MAX_DEPTH = 8
PREFIXES = 7
"""The encoding in which a value is what it shares with the value before it, and the rest."""
DICTIONARIES = (2, 8)
"""The encodings in which a value is a place in the dictionary of its column."""
STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(13)
UNPACKED, PACKED = 2, 3
DATA, DICTIONARY, DATA_V2 = 5, 7, 8
ENCODING = {DATA: 2, DICTIONARY: 2, DATA_V2: 4}

Struct = Mapping[int, object]


class Malformed(Exception):
    """There is no page where one must be."""


class Page(NamedTuple):
    """A page as its header declares it; `values` is 0 for a dictionary."""

    size_bytes: int
    packed_bytes: int
    values: int
    encoding: int


def pages(read_at: ReadAt, begin: int, end: int, values: int) -> Iterator[Page]:
    """The pages between two offsets, as many as hold that many values. Raises Malformed."""
    found = 0
    while found < values:
        if begin >= end:
            raise Malformed
        header, size = _header(read_at, begin)
        page = _page(header)
        found += page.values
        begin += size + page.packed_bytes
        yield page


def _header(read_at: ReadAt, begin: int) -> tuple[Struct, int]:
    """The header at an offset, and its length."""
    for most in (USUAL_HEADER_BYTES, MAX_HEADER_BYTES):
        content = _Content(read_at(begin, most))
        try:
            return content.struct(MAX_DEPTH), content.place
        except IndexError:  # it is longer than what was read
            continue
    raise Malformed


def _page(header: Struct) -> Page:
    inner = [name for name in ENCODING if name in header]
    if len(inner) > 1:
        raise Malformed
    values = encoding = 0
    if inner:
        (name,) = inner
        fields = header[name]
        if not isinstance(fields, dict):
            raise Malformed
        encoding = _whole(fields, ENCODING[name])
        values = 0 if name == DICTIONARY else _whole(fields, 1)
    return Page(_whole(header, UNPACKED), _whole(header, PACKED), values, encoding)


def _whole(fields: Struct, name: int) -> int:
    """A field that holds a whole number of 32 bits, 0 or more."""
    value = fields.get(name)
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise Malformed
    return value


class _Content:
    """Bytes in the compact protocol. Raises IndexError at their end, and Malformed."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.place = 0

    def struct(self, depth: int) -> Struct:
        """The fields by their number: those of 32 bits, and structs; of others that they are."""
        if not depth:
            raise Malformed
        fields: dict[int, object] = {}
        name = 0
        while head := self._byte():
            delta, kind = divmod(head, 16)
            name = name + delta if delta else self._zigzag()
            if name in fields:
                raise Malformed
            fields[name] = self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> object:
        if kind == I32:
            return self._zigzag()
        if kind == STRUCT:
            return self.struct(depth - 1)
        if kind in (I16, I64):
            self._zigzag()
        elif kind == BINARY:
            self._skip(self._varint())
        elif kind in (BYTE, DOUBLE):
            self._skip(1 if kind == BYTE else 8)
        elif kind not in (TRUE, FALSE):  # a page header has no lists, sets or maps
            raise Malformed
        return None

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

    def _skip(self, count: int) -> None:
        self.place += count
        if self.place > len(self._content):
            raise IndexError
