"""A Parquet file, read with care: a small file may claim any size, or unfold to any size.

The pages of a row group declare their sizes. These are checked before a page is unfolded, and they
decide how many rows are read at a time. Where all rows of a column point into its dictionary, the
column is read as a dictionary: a string that a million rows point to is in memory once. The size
of the rows is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from os import fstat, pread
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from service.archive.formats.format import DAMAGED
from service.archive.formats.parquet_layout import (
    DICTIONARIES,
    PREFIXES,
    Chunk,
    Group,
    Malformed,
    Page,
    groups,
    pages,
)
from service.archive.formats.parquet_values import (
    Batch,
    InvalidParquet,
    ValueColumn,
    invalid_if_it_fails,
    is_readable,
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
"""The most that the pages held at once, of all columns, may take; and what they may always take."""
VARIABLE = ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
NOT_WHOLE = "the file is not a whole Parquet file"
PAGES = "the file unfolds to too much at once; write it with smaller pages and row groups"


class Table(AbstractContextManager["Table"]):
    """The wanted columns of a Parquet file.

    Raises InvalidParquet, and OSError where the disk fails. `check` is called between the steps of
    the reading, and ends it by what it raises.
    """

    def __init__(self, path: Path, wanted: Sequence[str], check: Check = lambda: None) -> None:
        self._check = check
        self._source = path.open("rb")
        try:
            with invalid_if_it_fails(NOT_WHOLE):
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
            left_bytes, read = self._max_bytes(group), 0
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
        """The footer, without the length and the magic number that end the file."""
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
            if not is_readable(field.type):
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

    def _max_bytes(self, group: Group) -> int:
        """The most that the rows of a group may take. All groups share the spare bytes."""
        return UNFOLDED_SPARE_BYTES // len(self._groups) + UNFOLDED_RATIO * group.packed_bytes

    def _batches(self, number: int) -> Iterator[Batch]:
        rows, dictionaries = self._how_to_read(self._groups[number])
        with invalid_if_it_fails(DAMAGED):
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
            with invalid_if_it_fails(DAMAGED):
                batch = next(batches, None)
                if batch is None:
                    return
                columns = {
                    name: ValueColumn(batch.column(name), last.get(name)) for name in self._wanted
                }
                read = Batch(columns)
            yield read
            last = {name: column.last for name, column in columns.items()}

    def _how_to_read(self, group: Group) -> tuple[int, list[str]]:
        """How many rows are read at a time, and which columns are read as dictionaries.

        pyarrow adds to the dictionary of a column the values that its pages hold themselves, and
        keeps all of them. So only columns whose pages hold no values themselves are read as
        dictionaries, and those whose type is a dictionary. Raises InvalidParquet where too much
        would be in memory.
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
    """The pages of a column that are held at once: its dictionary and one more."""
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


def _is_read(path: str, wanted: Sequence[str]) -> bool:
    """Whether pyarrow reads a column with the wanted ones: to it, a dot is a step into a column."""
    return any(path == name or path.startswith(f"{name}.") for name in wanted)


def _column(name: str) -> str:
    is_plain = name.isidentifier() and len(name) <= MAX_NAME_CHARS
    return f"the column {name!r}" if is_plain else "a column"
