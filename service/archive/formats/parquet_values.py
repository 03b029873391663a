"""The values of a Parquet file, a batch of rows at a time.

Whatever pyarrow raises, the file is damaged.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from service.archive.formats.format import DAMAGED
from service.archive.rows import MAX_ROW_BYTES, ROW_BYTES

REPEATS = 64
"""So many repeats of a value count as one more of it: they take little time, but some."""
OVERLONG = f"a value is longer than {MAX_ROW_BYTES} bytes"
DISK = {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EACCES}


class InvalidParquet(Exception):
    """The file is damaged, or claims what no archive has. The message says which."""


@contextmanager
def invalid_if_it_fails(reason: str) -> Iterator[None]:
    """Takes what pyarrow raises for damage, except where the disk fails."""
    try:
        yield
    except InvalidParquet:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        raise InvalidParquet(reason) from None


def is_readable(kind: pa.DataType) -> bool:
    """Whether a column of this type holds strings, or values that are known to be short."""
    types = pa.types
    if types.is_dictionary(kind):
        return is_text(kind.value_type)
    if types.is_timestamp(kind):
        return _is_zone_known(kind)
    return bool(
        is_text(kind)
        or types.is_null(kind)
        or types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_date(kind)
    )


def _is_zone_known(kind: pa.TimestampType) -> bool:
    try:
        pa.scalar(0, kind).as_py()
    except Exception:  # of whichever library knows time zones
        return False
    return True


def is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Why there is no value."""

    reason: str


class ValueColumn:
    """A column of a batch. A value that repeats that of the row before is the same object."""

    def __init__(self, column: pa.Array, last: object) -> None:
        """`last` is the value of the row before the batch."""
        kind = column.type
        if pa.types.is_timestamp(kind):  # Python knows no nanoseconds, but where pandas is there
            column = column.cast(pa.timestamp("us", kind.tz), safe=False)
        elif pa.types.is_string_view(kind):
            column = column.cast(pa.large_string())
        self._column = column
        self._origins = np.arange(len(column))
        self.sizes = np.zeros(len(column), np.int64)
        if pa.types.is_dictionary(column.type):
            self._measure_text(column.indices, _lengths(column.dictionary).take(column.indices))
        elif is_text(column.type):
            self._measure_text(column, _lengths(column))
        self._origin = -1
        self.last = last

    def _measure_text(self, values: pa.Array, lengths: pa.Array) -> None:
        """Finds the row where each value was first seen in a sequence of repeats, and its size."""
        if len(values) > 1:
            same = pc.equal(values[1:], values[:-1]).fill_null(False)
            self._origins[1:][same.to_numpy(zero_copy_only=False)] = 0
            np.maximum.accumulate(self._origins, out=self._origins)
        taken = lengths.fill_null(0).to_numpy(zero_copy_only=False)
        is_first = self._origins == np.arange(len(values))
        self.sizes = np.where(is_first, taken, taken // REPEATS)
        self.sizes[taken > MAX_ROW_BYTES] = 0

    def value(self, index: int) -> object:
        """The value of a row, or _Unreadable."""
        origin = int(self._origins[index])
        if origin != self._origin:
            value = _value(self._column, origin)
            if not (isinstance(value, str) and value == self.last):
                self.last = value
            self._origin = origin
        return self.last


class Batch:
    """Some rows, and the size of each."""

    def __init__(self, columns: Mapping[str, ValueColumn]) -> None:
        self._columns = columns
        sizes = [column.sizes for column in columns.values()]
        self.sizes: list[int] = (np.sum(sizes, axis=0) + ROW_BYTES).tolist()

    def row(self, index: int) -> Mapping[str, object] | str:
        """The values of a row, or why it has none."""
        with invalid_if_it_fails(DAMAGED):
            values = {name: column.value(index) for name, column in self._columns.items()}
        for value in values.values():
            if isinstance(value, _Unreadable):
                return value.reason
        return values


def _lengths(strings: pa.Array) -> pa.Array:
    return pc.binary_length(strings)


def _value(column: pa.Array, index: int) -> object:
    scalar = column[index]
    if pa.types.is_dictionary(column.type):
        place = column.indices[index].as_py()
        scalar = pa.scalar(None, pa.string()) if place is None else column.dictionary[place]
    if is_text(scalar.type) and scalar.is_valid and scalar.as_buffer().size > MAX_ROW_BYTES:
        return _Unreadable(OVERLONG)
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _Unreadable("a value is not UTF-8")
    except (ValueError, OverflowError):
        return _Unreadable("a date is out of range")
