"""The files of an archive, read row by row in bounded memory.

A row that cannot be read is a `Rejected` in its place. A file that breaks off, or that cannot be
trusted, ends with a `Rejected` that says so, and the archive goes on with the next file.
"""

from __future__ import annotations

import csv
import glob
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from service.rows import MAX_ROW_BYTES, Columns, Rejected, Row, read_row
from service.stops import ColumnMissing, InputRefused

Rows = Iterator[Row | Rejected]
Found = Iterator[Row | Rejected | None]
Reader = Callable[[Path, Columns, int], Found]

MAX_FIELD_BYTES = 8 * MAX_ROW_BYTES
"""Where a CSV quote that is never closed is given up."""
SKIPPED_BYTES = 2**16
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)


def find(inputs: Sequence[str]) -> list[Path]:
    """The files that are named: as they are, by glob, or all readable ones in a directory.

    Each once, in the order of the arguments, sorted within one. Raises InputRefused.
    """
    found: dict[Path, None] = {}
    for name in inputs:
        path = Path(name)
        if path.is_dir():
            files = sorted(file for file in path.rglob("*") if file.is_file() and reader(file))
        elif path.is_file():
            files = [path]
        else:
            files = sorted(Path(match) for match in glob.glob(name, recursive=True))
        if not files:
            raise InputRefused(f"{name}: no such file, and no directory or glob with any in it")
        found.update(dict.fromkeys(files))
    for file in found:
        if reader(file) is None:
            raise InputRefused(f"{file}: not a file this reads; give {', '.join(READERS)}")
    return list(found)


def reader(file: Path) -> Reader | None:
    """How a file is read, by its name."""
    return next((read for end, read in READERS.items() if file.name.lower().endswith(end)), None)


def read(file: Path, columns: Columns, skip: int = 0) -> Rows:
    """The rows of a file that are asked for after the first `skip`. Raises InputRefused."""
    read_file = reader(file)
    if read_file is None:
        raise InputRefused(f"{file}: not a file this reads")
    unread = 0 if columns.where else skip  # what is not read cannot be told from what is not asked
    rows = (row for row in read_file(file, columns, unread) if row is not None)
    try:
        yield from islice(rows, skip - unread, None)
    except OSError as error:
        raise InputRefused(f"{file}: {error.strerror or type(error).__name__}") from error


def _open(file: Path) -> BinaryIO:
    is_packed = file.suffix.lower() == ".gz"
    return cast(BinaryIO, gzip.GzipFile(file)) if is_packed else file.open("rb")


def _lines(file: BinaryIO, most_bytes: int) -> Iterator[bytes | None]:
    """The lines; None for one that is longer than `most_bytes`, which is never held whole."""
    while line := file.readline(most_bytes + 1):
        if len(line) <= most_bytes or line.endswith(b"\n"):
            yield line
            continue
        while (rest := file.readline(SKIPPED_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield None


def _jsonl(file: Path, columns: Columns, skip: int) -> Found:
    """Blank lines are no rows."""
    number = 0
    with _open(file) as opened:
        try:
            for number, line in enumerate(_lines(opened, MAX_ROW_BYTES), 1):
                if line is not None and not line.strip():
                    continue
                if skip:
                    skip -= 1
                    continue
                yield _json_row(file, number, line, columns)
        except BROKEN:
            if not skip:
                yield _rest_is_lost(file, number + 1)


def _json_row(
    file: Path, number: int, line: bytes | None, columns: Columns
) -> Row | Rejected | None:
    reject = partial(Rejected, str(file), number, None)
    if line is None:
        return reject(f"the line is longer than {MAX_ROW_BYTES} bytes")
    try:
        value = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
    except UnicodeDecodeError:
        return reject("the line is not UTF-8")
    except (ValueError, RecursionError):
        whole = line.endswith(b"\n")
        return reject("the line is not JSON" if whole else "the last line is cut off")
    if not isinstance(value, dict):
        return reject("the line is not a JSON object")
    return read_row(str(file), number, value, columns)


def _csv(file: Path, columns: Columns, skip: int) -> Found:
    """The first row names the columns. A row's line is the one on which it begins."""
    csv.field_size_limit(MAX_FIELD_BYTES)  # the module knows one limit, for all readers
    end = 0
    with _open(file) as opened:
        rows = csv.reader(_csv_lines(opened), strict=True)
        try:
            header = next(rows, [])
            _check_columns(file, header, columns)
            while True:
                end = rows.line_num
                cells = next(rows, None)
                if cells is None:
                    return
                if cells and skip:
                    skip -= 1
                elif cells:
                    yield _csv_row(file, end + 1, header, cells, columns)
        except (csv.Error, *BROKEN):
            if not skip:
                yield _rest_is_lost(file, end + 1)


def _csv_lines(file: BinaryIO) -> Iterator[str]:
    """Bytes that are not UTF-8 become surrogates, by which their row is known."""
    for number, line in enumerate(_lines(file, MAX_FIELD_BYTES)):
        if line is None:
            raise csv.Error
        yield line.decode("utf-8" if number else "utf-8-sig", "surrogateescape")


def _csv_row(
    file: Path, line: int, header: Sequence[str], cells: Sequence[str], columns: Columns
) -> Row | Rejected | None:
    if len(cells) != len(header):
        reason = f"the row has {len(cells)} cells, and the first row {len(header)}"
        return Rejected(str(file), line, None, reason)
    return read_row(str(file), line, dict(zip(header, cells, strict=True)), columns)


def _check_columns(file: Path, names: Sequence[str], columns: Columns) -> None:
    missing = [name for name in columns.asked if name not in set(names)]
    if missing:
        raise ColumnMissing(file, missing[0], names)


def _rest_is_lost(file: Path, line: int) -> Rejected:
    return Rejected(
        str(file), line, None, "the file breaks off or is damaged here; its rest is lost"
    )


def _parquet(file: Path, columns: Columns, skip: int) -> Found:
    from service import tables  # pyarrow takes a moment, and not every archive is of Parquet

    line = skip
    try:
        table = tables.Table(file, columns.readable)
    except tables.Untrusted as error:
        if not skip:
            yield Rejected(str(file), 1, None, str(error))
        return
    with table:
        _check_columns(file, table.names, columns)
        try:
            for line, values in enumerate(table.rows(skip), skip + 1):
                yield _table_row(file, line, values, columns)
        except tables.Untrusted:
            yield _rest_is_lost(file, line + 1)


def _table_row(
    file: Path, line: int, values: Mapping[str, object] | str, columns: Columns
) -> Row | Rejected | None:
    if isinstance(values, str):
        return Rejected(str(file), line, None, values)
    return read_row(str(file), line, values, columns)


def read_from(files: Sequence[tuple[Path, int]], columns: Columns, skip: int) -> Rows:
    """The rows of all files in turn, after the first `skip`; of each as many as are named."""
    for file, count in files:
        if skip >= count:
            skip -= count
            continue
        yield from islice(read(file, columns, skip), count - skip)
        skip = 0


READERS: Mapping[str, Reader] = {
    ".jsonl": _jsonl,
    ".jsonl.gz": _jsonl,
    ".ndjson": _jsonl,
    ".ndjson.gz": _jsonl,
    ".csv": _csv,
    ".csv.gz": _csv,
    ".parquet": _parquet,
}
