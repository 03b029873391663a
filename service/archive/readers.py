"""The files of an archive, read row by row in bounded memory.

A row that cannot be read is a `Rejected` in its place. A file that breaks off, or that cannot be
trusted, ends with a `Rejected` that says so, and the archive goes on with the next file. What is
called `check` is called between the steps of a reading, and ends it by what it raises.
"""

from __future__ import annotations

import csv
import glob
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from service.archive.errors import ColumnMissing, InputRefused
from service.archive.rows import (
    MAX_ROW_BYTES,
    ROW_BYTES,
    UNFOLDED_RATIO,
    UNFOLDED_SPARE_BYTES,
    UNFOLDS,
    Check,
    Columns,
    Rejected,
    Row,
    read_row,
)

Rows = Iterator[Row | Rejected]
Found = Iterator[Row | Rejected | None]
Reader = Callable[[Path, Columns, int, Check], Found]

MAX_CSV_BYTES = 2 * MAX_ROW_BYTES
"""Where a row of CSV, and a quote in it that is never closed, is given up."""
MAX_MARKS = 2**18
"""The most commas and brackets of a row. They become values, which are larger in memory."""
SKIPPED_BYTES = 2**16
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile)
DAMAGED = "the file breaks off or is damaged here"


class _Unfolds(Exception):
    """The file unfolds to more than it may."""


def _nothing() -> None: ...


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


def read(file: Path, columns: Columns, skip: int = 0, check: Check = _nothing) -> Rows:
    """The rows of a file that are asked for after the first `skip`. Raises InputRefused."""
    read_file = reader(file)
    if read_file is None:
        raise InputRefused(f"{file}: not a file this reads")
    unread = 0 if columns.where else skip  # what is not read cannot be told from what is not asked
    rows = (row for row in read_file(file, columns, unread, check) if row is not None)
    try:
        yield from islice(rows, skip - unread, None)
    except OSError as error:
        raise InputRefused(f"{file}: {error.strerror or type(error).__name__}") from error


class _Opened(AbstractContextManager["_Opened"]):
    """A file that is read by lines, and looked after as it unfolds."""

    def __init__(self, file: Path, check: Check) -> None:
        is_packed = file.suffix.lower() == ".gz"
        self._file = cast(BinaryIO, gzip.GzipFile(file)) if is_packed else file.open("rb")
        self._left_bytes = UNFOLDED_SPARE_BYTES + UNFOLDED_RATIO * file.stat().st_size
        self._check = check

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def lines(self, most_bytes: int) -> Iterator[bytes | None]:
        """The lines; None for one that is longer than `most_bytes`, which is never held whole."""
        while line := self._read(most_bytes + 1):
            if len(line) <= most_bytes or line.endswith(b"\n"):
                yield line
                continue
            while (rest := self._read(SKIPPED_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None

    def _read(self, most_bytes: int) -> bytes:
        """A line, or the beginning of one. Raises _Unfolds."""
        self._check()
        line = self._file.readline(most_bytes)
        self._left_bytes -= len(line) + ROW_BYTES
        if self._left_bytes < 0:
            raise _Unfolds
        return line


def _jsonl(file: Path, columns: Columns, skip: int, check: Check) -> Found:
    """Blank lines are no rows."""
    number = 0
    with _Opened(file, check) as opened:
        try:
            for number, line in enumerate(opened.lines(MAX_ROW_BYTES), 1):
                if line is not None and not line.strip():
                    continue
                if skip:
                    skip -= 1
                    continue
                yield _json_row(file, number, line, columns)
        except (_Unfolds, *BROKEN) as error:
            if not skip:
                yield _rest_is_lost(file, number + 1, _reason(error))


def _json_row(
    file: Path, number: int, line: bytes | None, columns: Columns
) -> Row | Rejected | None:
    reject = partial(Rejected, str(file), number, None)
    if line is None:
        return reject(f"the line is longer than {MAX_ROW_BYTES} bytes")
    if sum(map(line.count, (b",", b"[", b"{"))) > MAX_MARKS:
        return reject(f"the line has more than {MAX_MARKS} commas and brackets")
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


def _csv(file: Path, columns: Columns, skip: int, check: Check) -> Found:
    """The first row names the columns. A row's line is the one on which it begins."""
    csv.field_size_limit(MAX_CSV_BYTES)  # the module knows one limit, for all readers
    end = 0
    with _Opened(file, check) as opened:
        lines = _CsvLines(opened.lines(MAX_CSV_BYTES))
        rows = csv.reader(lines, strict=True)
        try:
            header = next(rows, [])
            _check_columns(file, header, columns)
            while True:
                end = rows.line_num
                lines.begin_row()
                cells = next(rows, None)
                if cells is None:
                    return
                if cells and skip:
                    skip -= 1
                elif cells:
                    yield _csv_row(file, end + 1, header, cells, columns)
        except (csv.Error, _Unfolds, *BROKEN) as error:
            if not skip:
                yield _rest_is_lost(file, end + 1, _reason(error))


class _CsvLines(Iterator[str]):
    """The lines of a CSV file. Raises csv.Error where a row is too much to be held.

    Bytes that are not UTF-8 become surrogates, by which their row is known.
    """

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self._encoding = "utf-8-sig"
        self.begin_row()

    def begin_row(self) -> None:
        """The next line is the first of a row."""
        self._size_bytes = self._marks = 0

    def __next__(self) -> str:
        line = next(self._lines)
        if line is None:
            raise csv.Error
        self._size_bytes += len(line)
        self._marks += line.count(b",")
        if self._size_bytes > MAX_CSV_BYTES or self._marks > MAX_MARKS:
            raise csv.Error
        encoding, self._encoding = self._encoding, "utf-8"
        return line.decode(encoding, "surrogateescape")


def _csv_row(
    file: Path, line: int, header: Sequence[str], cells: Sequence[str], columns: Columns
) -> Row | Rejected | None:
    if len(cells) != len(header):
        reason = f"the row has {len(cells)} cells, and the first row {len(header)}"
        return Rejected(str(file), line, None, reason)
    return read_row(str(file), line, dict(zip(header, cells, strict=True)), columns)


def _check_columns(file: Path, names: Sequence[str], columns: Columns) -> None:
    there = set(names)
    missing = [name for name in columns.asked if name not in there]
    if missing:
        raise ColumnMissing(file, missing[0], names)


def _rest_is_lost(file: Path, line: int, reason: str) -> Rejected:
    return Rejected(str(file), line, None, f"{reason}; its rest is lost")


def _reason(error: Exception) -> str:
    return UNFOLDS if isinstance(error, _Unfolds) else DAMAGED


def _parquet(file: Path, columns: Columns, skip: int, check: Check) -> Found:
    from service.archive import (
        parquet,  # pyarrow takes a moment, and not every archive is of Parquet
    )

    line = skip
    try:
        table = parquet.Table(file, columns.readable, check)
    except parquet.InvalidParquet as error:
        if not skip:
            yield Rejected(str(file), 1, None, str(error))
        return
    with table:
        _check_columns(file, table.names, columns)
        try:
            for line, values in enumerate(table.rows(skip), skip + 1):
                check()
                yield _table_row(file, line, values, columns)
        except parquet.InvalidParquet as error:
            yield _rest_is_lost(file, line + 1, str(error))


def _table_row(
    file: Path, line: int, values: Mapping[str, object] | str, columns: Columns
) -> Row | Rejected | None:
    if isinstance(values, str):
        return Rejected(str(file), line, None, values)
    return read_row(str(file), line, values, columns)


def read_from(
    files: Sequence[tuple[Path, int]], columns: Columns, skip: int, check: Check = _nothing
) -> Rows:
    """The rows of all files in turn, after the first `skip`; of each as many as are named."""
    for file, count in files:
        if skip >= count:
            skip -= count
            continue
        yield from islice(read(file, columns, skip, check), count - skip)
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
