"""Parquet. pyarrow is loaded when a Parquet file is met: it takes a moment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.archive.formats.format import Format, FoundRows, Record, check_columns, rest_is_lost
from service.archive.rows import Check, InputColumns, Rejected, Row, read_row

if TYPE_CHECKING:
    import pyarrow as pa

COMPRESSION = "zstd"


class Parquet(Format):
    """The line of a row is its number in the file."""

    name = "parquet"
    endings = (".parquet",)
    media_types = ("application/vnd.apache.parquet",)

    def read(self, file: Path, columns: InputColumns, skip: int, check: Check) -> FoundRows:
        from service.archive.formats.parquet_table import Table
        from service.archive.formats.parquet_values import InvalidParquet

        line = skip
        try:
            table = Table(file, columns.readable, check)
        except InvalidParquet as error:
            if not skip:
                yield Rejected(str(file), 1, None, str(error))
            return
        with table:
            check_columns(file, table.names, columns)
            try:
                for line, values in enumerate(table.rows(skip), skip + 1):
                    check()
                    yield _row(file, line, values, columns)
            except InvalidParquet as error:
                yield rest_is_lost(file, line + 1, str(error))

    def encode(self, records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
        types[list] = pa.list_(pa.string())
        schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(records, schema), sink, compression=COMPRESSION)
        content: bytes = sink.getvalue().to_pybytes()
        return content

    def decode(self, content: bytes, names: Sequence[str]) -> Iterable[Sequence[Any]]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table: pa.Table = pq.read_table(pa.BufferReader(content), columns=list(names))
        return zip(*(table.column(name).to_pylist() for name in names), strict=True)

    def join(self, parts: Iterator[Path], path: Path) -> None:
        """One row group for each file, so that no more than one is in memory."""
        import pyarrow.parquet as pq

        first = pq.read_table(next(parts))
        with pq.ParquetWriter(path, first.schema, compression=COMPRESSION) as whole:
            whole.write_table(first)
            for part in parts:
                whole.write_table(pq.read_table(part))


def _row(
    file: Path, line: int, values: Mapping[str, object] | str, columns: InputColumns
) -> Row | Rejected | None:
    if isinstance(values, str):
        return Rejected(str(file), line, None, values)
    return read_row(str(file), line, values, columns)
