"""Parquet, read with care: a small file may claim, or unfold to, any size.

Strings are read as dictionaries, so that one that a million rows point to is in memory once, and
each is measured before it is copied. Pages are read one at a time, whatever a row group's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from service.rows import MAX_ROW_BYTES

BATCH_ROWS = 1024
BUFFER_BYTES = 2**20
MAX_GROUP_ROWS = 20_000_000
MAX_GROUP_BYTES = 8 * 2**30
MAX_FOOTER_ITEMS = 2**22
MAX_FOOTER_BYTES = 64 * 2**20
OVERLONG = f"a value is longer than {MAX_ROW_BYTES} bytes"


class Untrusted(Exception):
    """The file is damaged, or claims what no archive has. The message says which."""


class Table(AbstractContextManager["Table"]):
    """The wanted columns of a Parquet file. Raises Untrusted."""

    def __init__(self, path: Path, wanted: Sequence[str]) -> None:
        try:
            with _open(path, ()) as file:
                flat = {file.schema.column(place).path for place in range(len(file.schema))}
            self._file = _open(path, [name for name in wanted if name in flat])
        except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise Untrusted("the file is not a whole Parquet file") from None
        self.names: list[str] = list(self._file.schema_arrow.names)
        self._wanted = [name for name in dict.fromkeys(wanted) if name in self.names]
        self._check_claims()

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def rows(self, skip: int = 0) -> Iterator[Mapping[str, object] | str]:
        """The values of each row after the first `skip`, or why it has none."""
        for group in range(self._file.num_row_groups):
            count = self._file.metadata.row_group(group).num_rows
            if skip >= count:
                skip -= count
                continue
            for batch in self._batches(group):
                yield from (_values(batch, index) for index in range(skip, batch.num_rows))
                skip = max(0, skip - batch.num_rows)

    def _batches(self, group: int) -> Iterator[pa.RecordBatch]:
        try:
            yield from self._file.iter_batches(
                BATCH_ROWS, row_groups=[group], columns=self._wanted, use_threads=False
            )
        except (pa.ArrowException, OSError, UnicodeDecodeError, MemoryError):
            raise Untrusted("the file is damaged") from None

    def _check_claims(self) -> None:
        footer = self._file.metadata
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            if not 0 <= group.num_rows <= MAX_GROUP_ROWS:
                raise Untrusted(f"a row group claims more than {MAX_GROUP_ROWS} rows")
            if not 0 <= group.total_byte_size <= MAX_GROUP_BYTES:
                raise Untrusted(f"a row group claims more than {MAX_GROUP_BYTES} bytes")


def _open(path: Path, dictionaries: Sequence[str]) -> pq.ParquetFile:
    return pq.ParquetFile(
        path,
        memory_map=False,
        pre_buffer=False,
        buffer_size=BUFFER_BYTES,
        read_dictionary=list(dictionaries),
        thrift_string_size_limit=MAX_FOOTER_BYTES,
        thrift_container_size_limit=MAX_FOOTER_ITEMS,
    )


def _values(batch: pa.RecordBatch, index: int) -> Mapping[str, object] | str:
    values = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        scalar = _scalar(column, index)
        if hasattr(scalar, "as_buffer") and scalar.is_valid:
            if scalar.as_buffer().size > MAX_ROW_BYTES:
                return OVERLONG
        elif pa.types.is_nested(scalar.type):
            return f"the column {name!r} holds more than one value a row"
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
