"""Parquet, read with care: a small file may claim, or unfold to, any size.

What the pages of a row group declare is checked before one of them is unfolded, and says how many
rows are read at a time. Strings are read as dictionaries, so that one that a million rows point to
is in memory once; what the rows come to is counted. Whatever pyarrow raises, the file is damaged.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from os import SEEK_END, fstat, pread
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from service.pages import PREFIXES, Malformed, Page, pages
from service.rows import (
    MAX_ROW_BYTES,
    ROW_BYTES,
    UNFOLDED_RATIO,
    UNFOLDED_SPARE_BYTES,
    UNFOLDS,
    Check,
)

BATCH_ROWS = 1024
BATCH_BYTES = 32 * 2**20
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
SPARE_PAGES_BYTES = 16 * 2**20
"""The largest page of each column, together: so much at most, and so much however small packed."""
OVERLONG = f"a value is longer than {MAX_ROW_BYTES} bytes"
DAMAGED = "the file breaks off or is damaged here"
PAGES = "a page of the file unfolds to more than any archive has"
DISK = {errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.EACCES}


class Untrusted(Exception):
    """The file is damaged, or claims what no archive has. The message says which."""


class _Chunk(NamedTuple):
    """Where the pages of a column are in the file, and how many values they hold."""

    begin: int
    end: int
    values: int


class _Group(NamedTuple):
    """A row group, and the wanted columns of it."""

    rows: int
    chunks: Sequence[_Chunk]

    @property
    def packed_bytes(self) -> int:
        return sum(chunk.end - chunk.begin for chunk in self.chunks)


class Table(AbstractContextManager["Table"]):
    """The wanted columns of a Parquet file. Raises Untrusted, and OSError where the disk fails.

    `check` is called time and again, and ends the reading by what it raises.
    """

    def __init__(self, path: Path, wanted: Sequence[str], check: Check = lambda: None) -> None:
        self._check = check
        self._source = path.open("rb")
        try:
            with _trusted("the file is not a whole Parquet file"):
                self._open(wanted)
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
                for index, size_bytes in enumerate(_sizes(batch)):
                    left_bytes -= size_bytes
                    if left_bytes < 0:
                        raise Untrusted(UNFOLDS)
                    if skip:
                        skip -= 1
                        continue
                    yield _values(batch, index)
                read += batch.num_rows
            if read != group.rows:
                raise Untrusted(DAMAGED)

    def _open(self, wanted: Sequence[str]) -> None:
        most_items = self._footer_bytes() // ITEM_BYTES
        file = _opened(self._source, (), most_items)
        if file.metadata.num_columns > MAX_COLUMNS:
            raise Untrusted(f"the file claims more than {MAX_COLUMNS} columns")
        leaves = {
            place: path
            for place, path in enumerate(
                file.schema.column(n).path for n in range(len(file.schema))
            )
            if _is_read(path, wanted)
        }
        self._leaves = list(leaves)
        self._file = _opened(self._source, list(leaves.values()), most_items)
        self._fields = [field for field in self._file.schema_arrow if _is_read(field.name, wanted)]
        self.names: list[str] = list(self._file.schema_arrow.names)
        self._wanted = [name for name in dict.fromkeys(wanted) if name in self.names]
        self._groups = [self._group(number) for number in range(self._file.num_row_groups)]

    def _footer_bytes(self) -> int:
        """The length of the footer, which stands before the mark at the end of the file."""
        end = self._source.seek(0, SEEK_END)
        content = self._read_at(end - FOOTER_END_BYTES, 4)
        return min(int.from_bytes(content, "little"), end)

    def _check_claims(self) -> None:
        if len({field.name for field in self._fields}) < len(self._fields):
            raise Untrusted("a column is there more than once")
        for field in self._fields:
            if not _is_readable(field.type):
                raise Untrusted(f"{_column(field.name)} has a type that is not read")
        for group in self._groups:
            if any(chunk.values != group.rows for chunk in group.chunks):
                raise Untrusted(DAMAGED)
        if sum(group.packed_bytes for group in self._groups) > fstat(self._source.fileno()).st_size:
            raise Untrusted("the file claims more bytes than it has")

    def _group(self, number: int) -> _Group:
        group = self._file.metadata.row_group(number)
        if not 0 <= group.num_rows <= MAX_GROUP_ROWS:
            raise Untrusted(f"a row group claims more than {MAX_GROUP_ROWS} rows")
        if not 0 <= group.total_byte_size <= MAX_GROUP_BYTES:
            raise Untrusted(f"a row group claims more than {MAX_GROUP_BYTES} bytes")
        return _Group(group.num_rows, [_chunk(group.column(leaf)) for leaf in self._leaves])

    def _most_bytes(self, group: _Group) -> int:
        """What the rows of a group may come to: the spare bytes are shared by all groups."""
        return UNFOLDED_SPARE_BYTES // len(self._groups) + UNFOLDED_RATIO * group.packed_bytes

    def _batches(self, number: int) -> Iterator[pa.RecordBatch]:
        batch_rows = self._batch_rows(self._groups[number])
        with _trusted(DAMAGED):
            batches = self._file.iter_batches(
                batch_rows, row_groups=[number], columns=self._wanted, use_threads=False
            )
        while True:
            self._check()
            with _trusted(DAMAGED):
                batch = next(batches, None)
                if batch is None:
                    return
                columns = [_plain(batch.column(name)) for name in self._wanted]
                read = pa.RecordBatch.from_arrays(columns, self._wanted)
            yield read

    def _batch_rows(self, group: _Group) -> int:
        """How many rows are safely read at a time. Raises Untrusted where one page is too much."""
        largest: list[Page] = []
        row_bytes = 0.0
        for chunk in group.chunks:
            found = list(self._pages(chunk))
            if found:
                largest.append(max(found))
                row_bytes += max(page.size_bytes / max(1, page.values) for page in found)
        size_bytes = sum(page.size_bytes for page in largest)
        packed_bytes = sum(page.packed_bytes for page in largest)
        most_bytes = max(SPARE_PAGES_BYTES, UNFOLDED_RATIO * packed_bytes)
        if size_bytes > min(MAX_PAGES_BYTES, most_bytes):
            raise Untrusted(PAGES)
        return int(min(BATCH_ROWS, max(1, BATCH_BYTES // max(1, row_bytes))))

    def _pages(self, chunk: _Chunk) -> Iterator[Page]:
        try:
            for page in pages(self._read_at, *chunk):
                self._check()
                if page.encoding == PREFIXES:
                    raise Untrusted("a column is encoded as DELTA_BYTE_ARRAY, which is not read")
                yield page
        except Malformed:
            raise Untrusted(DAMAGED) from None

    def _read_at(self, begin: int, most: int) -> bytes:
        return pread(self._source.fileno(), most, begin)


def _opened(source: object, dictionaries: Sequence[str], most_items: int) -> pq.ParquetFile:
    return pq.ParquetFile(
        source,
        memory_map=False,
        pre_buffer=False,
        buffer_size=BUFFER_BYTES,
        read_dictionary=list(dictionaries),
        thrift_string_size_limit=MAX_FOOTER_BYTES,
        thrift_container_size_limit=max(1, most_items),
    )


def _chunk(column: pq.ColumnChunkMetaData) -> _Chunk:
    first = column.data_page_offset
    begin = min(first, column.dictionary_page_offset or first)
    size_bytes = column.total_compressed_size
    if not begin >= 0 <= size_bytes:
        raise Untrusted(DAMAGED)
    return _Chunk(begin, begin + size_bytes, column.num_values)


@contextmanager
def _trusted(reason: str) -> Iterator[None]:
    """Takes what pyarrow raises for damage, but for a disk that fails."""
    try:
        yield
    except Untrusted:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in DISK:
            raise
        raise Untrusted(reason) from None


def _is_read(path: str, wanted: Sequence[str]) -> bool:
    """Whether pyarrow reads a column with the wanted ones: to it, a dot is a step into a column."""
    return any(path == name or path.startswith(f"{name}.") for name in wanted)


def _is_readable(kind: pa.DataType) -> bool:
    """Whether the values are known to be short, or are strings in a dictionary."""
    types = pa.types
    if types.is_dictionary(kind):
        return bool(types.is_string(kind.value_type))
    if types.is_timestamp(kind):
        return _is_zone_known(kind)
    return bool(
        types.is_null(kind)
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


def _plain(column: pa.Array) -> pa.Array:
    """Nanoseconds as microseconds: Python has no more, but where pandas happens to be there."""
    if not pa.types.is_timestamp(column.type):
        return column
    return column.cast(pa.timestamp("us", column.type.tz), safe=False)


def _sizes(batch: pa.RecordBatch) -> list[int]:
    """What each row comes to; a value that is too long to be taken comes to nothing."""
    sizes = np.full(batch.num_rows, ROW_BYTES, np.int64)
    with _trusted(DAMAGED):
        for column in batch.columns:
            if pa.types.is_dictionary(column.type):
                lengths = pc.binary_length(column.dictionary).take(column.indices)
                taken = lengths.fill_null(0).to_numpy(zero_copy_only=False)
                sizes += np.where(taken > MAX_ROW_BYTES, 0, taken)
    found: list[int] = sizes.tolist()
    return found


def _values(batch: pa.RecordBatch, index: int) -> Mapping[str, object] | str:
    values = {}
    with _trusted(DAMAGED):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            scalar = _scalar(column, index)
            is_text = pa.types.is_string(scalar.type) and scalar.is_valid
            if is_text and scalar.as_buffer().size > MAX_ROW_BYTES:
                return OVERLONG
            try:
                values[name] = scalar.as_py()
            except UnicodeDecodeError:
                return "a value is not UTF-8"
            except (ValueError, OverflowError):
                return "a date is out of range"
    return values


def _scalar(column: pa.Array, index: int) -> pa.Scalar:
    if not pa.types.is_dictionary(column.type):
        return column[index]
    place = column.indices[index].as_py()
    return pa.scalar(None, column.type.value_type) if place is None else column.dictionary[place]
