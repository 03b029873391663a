"""Parquet, read with care: a small file may claim, or unfold to, any size.

What the pages of a row group declare is checked before one of them is unfolded, and says how many
rows are read at a time. Where all rows of a column point into its dictionary, it is read as one: a
string that a million rows point to is in memory once. What the rows come to is counted. Whatever
pyarrow raises, the file is damaged.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from os import fstat, pread
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.archive.parquet_layout import (
    DICTIONARIES,
    PREFIXES,
    Chunk,
    Group,
    Malformed,
    Page,
    groups,
    pages,
)
from service.archive.rows import (
    MAX_ROW_BYTES,
    ROW_BYTES,
    UNFOLDED_RATIO,
    UNFOLDED_SPARE_BYTES,
    UNFOLDS,
    Check,
)

BATCH_ROWS = 1024
BATCH_BYTES = 16 * 2**20
REPEATS = 64
"""So many repeats of a value count as one more of it: they are read in no time, but not in none."""
BUFFER_BYTES = 2**20
MAX_COLUMNS = 10_000
MAX_NAME_CHARS = 64
MAX_GROUP_ROWS = 20_000_000
MAX_GROUP_BYTES = 8 * 2**30
MAX_FOOTER_BYTES = 64 * 2**20
FOOTER_END_BYTES = 8
ITEM_BYTES = 4
"""An item of a list in a footer takes at least so much."""
MAX_PAGES_BYTES = 128 * 2**20
SPARE_PAGES_BYTES = MAX_ROW_BYTES + 2**20
"""What is held of the pages of all columns at once: so much at most, and so much in any case."""
VARIABLE = ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
OVERLONG = f"a value is longer than {MAX_ROW_BYTES} bytes"
NOT_WHOLE = "the file is not a whole Parquet file"
DAMAGED = "the file breaks off or is damaged here"
PAGES = "the file unfolds to too much at once; write it with smaller pages and row groups"
DISK = {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EACCES}


class InvalidParquet(Exception):
    """The file is damaged, or claims what no archive has. The message says which."""


class Table(AbstractContextManager["Table"]):
    """The wanted columns of a Parquet file. Raises Untrusted, and OSError where the disk fails.

    `check` is called time and again, and ends the reading by what it raises.
    """

    def __init__(self, path: Path, wanted: Sequence[str], check: Check = lambda: None) -> None:
        self._check = check
        self._source = path.open("rb")
        try:
            with _trusted(NOT_WHOLE):
                self._size_bytes = fstat(self._source.fileno()).st_size
                footer = self._footer()
                self._open(wanted, footer)
            self._groups = self._read_groups(footer)
            self._check_claims()
        except BaseException:
            self._source.close()
            raise

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._source.close()
        pa.default_memory_pool().release_unused()

    def rows(self, skip: int = 0) -> Iterator[Mapping[str, object] | str]:
        """The values of each row after the first `skip`, or why it has none."""
        for number, group in enumerate(self._groups):
            if skip >= group.rows:
                skip -= group.rows
                continue
            left_bytes, read = self._most_bytes(group), 0
            for batch in self._batches(number):
                for index, size_bytes in enumerate(batch.sizes):
                    left_bytes -= size_bytes
                    if left_bytes < 0:
                        raise InvalidParquet(UNFOLDS)
                    if skip:
                        skip -= 1
                        continue
                    yield batch.row(index)
                read += len(batch.sizes)
            if read != group.rows:
                raise InvalidParquet(DAMAGED)

    def _open(self, wanted: Sequence[str], footer: bytes) -> None:
        self._file = pq.ParquetFile(
            self._source,
            memory_map=False,
            pre_buffer=False,
            buffer_size=BUFFER_BYTES,
            thrift_string_size_limit=MAX_FOOTER_BYTES,
            thrift_container_size_limit=max(1, len(footer) // ITEM_BYTES),
        )
        columns = self._file.metadata.num_columns
        if columns > MAX_COLUMNS:
            raise InvalidParquet(f"the file claims more than {MAX_COLUMNS} columns")
        schema = self._file.schema_arrow
        self.names: list[str] = list(schema.names)
        self._wanted = [name for name in dict.fromkeys(wanted) if name in self.names]
        self._fields = [field for field in schema if _is_read(field.name, wanted)]
        self._dictionaries = {
            field.name for field in self._fields if pa.types.is_dictionary(field.type)
        }
        leaves = [self._file.schema.column(place) for place in range(columns)]
        self._leaves = {
            place: leaf for place, leaf in enumerate(leaves) if _is_read(leaf.path, wanted)
        }

    def _footer(self) -> bytes:
        """What stands before the length and the mark at the end of the file."""
        end = self._size_bytes - FOOTER_END_BYTES
        length = int.from_bytes(self._read_at(end, 4), "little")
        if length > end:
            raise InvalidParquet(NOT_WHOLE)
        if length > MAX_FOOTER_BYTES:
            raise InvalidParquet(f"the footer is longer than {MAX_FOOTER_BYTES} bytes")
        return self._read_at(end - length, length)

    def _read_groups(self, footer: bytes) -> list[Group]:
        found = []
        try:
            for group in groups(footer, self._leaves):
                self._check()
                found.append(group)
        except Malformed:
            raise InvalidParquet(DAMAGED) from None
        return found

    def _check_claims(self) -> None:
        if len({field.name for field in self._fields}) < len(self._fields):
            raise InvalidParquet("a column is there more than once")
        for field in self._fields:
            if not _is_readable(field.type):
                raise InvalidParquet(f"{_column(field.name)} has a type that is not read")
        for group in self._groups:
            if not 0 <= group.rows <= MAX_GROUP_ROWS:
                raise InvalidParquet(f"a row group claims more than {MAX_GROUP_ROWS} rows")
            if not 0 <= group.size_bytes <= MAX_GROUP_BYTES:
                raise InvalidParquet(f"a row group claims more than {MAX_GROUP_BYTES} bytes")
            if any(chunk.values != group.rows for chunk in group.chunks):
                raise InvalidParquet(DAMAGED)
        if sum(group.packed_bytes for group in self._groups) > self._size_bytes:
            raise InvalidParquet("the file claims more bytes than it has")

    def _most_bytes(self, group: Group) -> int:
        """What the rows of a group may come to: the spare bytes are shared by all groups."""
        return UNFOLDED_SPARE_BYTES // len(self._groups) + UNFOLDED_RATIO * group.packed_bytes

    def _batches(self, number: int) -> Iterator[_Batch]:
        rows, dictionaries = self._reading(self._groups[number])
        with _trusted(DAMAGED):
            file = pq.ParquetFile(
                self._source,
                metadata=self._file.metadata,
                read_dictionary=dictionaries,
                memory_map=False,
                pre_buffer=False,
                buffer_size=BUFFER_BYTES,
            )
            batches = file.iter_batches(
                rows, row_groups=[number], columns=self._wanted, use_threads=False
            )
        last: Mapping[str, object] = {}
        while True:
            self._check()
            with _trusted(DAMAGED):
                batch = next(batches, None)
                if batch is None:
                    return
                columns = {
                    name: _Column(batch.column(name), last.get(name)) for name in self._wanted
                }
                read = _Batch(columns)
            yield read
            last = {name: column.last for name, column in columns.items()}

    def _reading(self, group: Group) -> tuple[int, list[str]]:
        """How many rows are read at a time, and which columns as dictionaries.

        pyarrow adds to the dictionary of a column whatever its pages hold outright, and keeps all
        of it. So it is given those columns only that hold nothing outright, or say themselves that
        they are dictionaries. Raises Untrusted where too much would be in memory.
        """
        dictionaries: list[str] = []
        held: list[Page] = []
        row_bytes = 0.0
        for chunk in group.chunks:
            found = list(self._pages(chunk))
            leaf = self._leaves[chunk.column]
            is_variable = leaf.physical_type in VARIABLE
            data = [page for page in found if page.values]
            if is_variable and all(page.encoding in DICTIONARIES for page in data):
                dictionaries.append(leaf.path)
                held += _largest(found)
            elif leaf.path in self._dictionaries:
                held += found
            else:
                held += _largest(found)
                row_bytes += _row_bytes(found) if is_variable else ROW_BYTES
        most_bytes = UNFOLDED_RATIO * sum(page.packed_bytes for page in held)
        most_bytes = min(MAX_PAGES_BYTES, max(SPARE_PAGES_BYTES, most_bytes))
        if sum(page.size_bytes for page in held) > most_bytes:
            raise InvalidParquet(PAGES)
        return int(min(BATCH_ROWS, max(1, BATCH_BYTES // max(1, row_bytes)))), dictionaries

    def _pages(self, chunk: Chunk) -> Iterator[Page]:
        try:
            for page in pages(self._read_at, chunk):
                self._check()
                yield page
        except Malformed:
            raise InvalidParquet(DAMAGED) from None

    def _read_at(self, begin: int, most: int) -> bytes:
        return pread(self._source.fileno(), most, begin)


def _largest(found: Sequence[Page]) -> list[Page]:
    """What is held of a column at once: its dictionary and a page."""
    kinds = ([page for page in found if not page.values], [page for page in found if page.values])
    return [max(kind) for kind in kinds if kind]


def _row_bytes(found: Sequence[Page]) -> float:
    """The most that a row of a column may take, over some rows together."""
    dictionary = max((page.size_bytes for page in found if not page.values), default=0)
    return max(
        dictionary
        if page.encoding in DICTIONARIES
        else page.size_bytes
        if page.encoding == PREFIXES
        else page.size_bytes / page.values
        for page in found
        if page.values
    )


@contextmanager
def _trusted(reason: str) -> Iterator[None]:
    """Takes what pyarrow raises for damage, but for a disk that fails."""
    try:
        yield
    except InvalidParquet:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        raise InvalidParquet(reason) from None


def _is_read(path: str, wanted: Sequence[str]) -> bool:
    """Whether pyarrow reads a column with the wanted ones: to it, a dot is a step into a column."""
    return any(path == name or path.startswith(f"{name}.") for name in wanted)


def _is_readable(kind: pa.DataType) -> bool:
    """Whether these are strings, or values that are known to be short."""
    types = pa.types
    if types.is_dictionary(kind):
        return _is_text(kind.value_type)
    if types.is_timestamp(kind):
        return _is_zone_known(kind)
    return bool(
        _is_text(kind)
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


def _column(name: str) -> str:
    is_plain = name.isidentifier() and len(name) <= MAX_NAME_CHARS
    return f"the column {name!r}" if is_plain else "a column"


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Why there is no value."""

    reason: str


class _Column:
    """A column of a batch. A value that is also that of the row before is one object with it."""

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
            self._look_at_text(column.indices, _lengths(column.dictionary).take(column.indices))
        elif _is_text(column.type):
            self._look_at_text(column, _lengths(column))
        self._origin = -1
        self.last = last

    def _look_at_text(self, values: pa.Array, lengths: pa.Array) -> None:
        """Finds where each value begins to be repeated, and what it takes there."""
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


class _Batch:
    """Some rows, and what each comes to."""

    def __init__(self, columns: Mapping[str, _Column]) -> None:
        self._columns = columns
        sizes = [column.sizes for column in columns.values()]
        self.sizes: list[int] = (np.sum(sizes, axis=0) + ROW_BYTES).tolist()

    def row(self, index: int) -> Mapping[str, object] | str:
        """The values of a row, or why it has none."""
        with _trusted(DAMAGED):
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
    if _is_text(scalar.type) and scalar.is_valid and scalar.as_buffer().size > MAX_ROW_BYTES:
        return _Unreadable(OVERLONG)
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        return _Unreadable("a value is not UTF-8")
    except (ValueError, OverflowError):
        return _Unreadable("a date is out of range")
