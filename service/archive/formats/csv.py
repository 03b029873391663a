"""CSV: the first row names the columns."""

from __future__ import annotations

import csv
import io
import shutil
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from service.archive.formats.format import Format, FoundRows, Record, check_columns, rest_is_lost
from service.archive.formats.lines import MAX_SEPARATORS, UNREADABLE, LineReader, why_lost
from service.archive.rows import MAX_ROW_BYTES, Check, InputColumns, Rejected, Row, read_row

MAX_CSV_BYTES = 2 * MAX_ROW_BYTES
"""A row of more, such as one with a quote that is never closed, is given up."""
FORMULA_MARKS = frozenset("=+-@\N{MINUS SIGN}")
CONTROLS = frozenset("\t\r\n\0")
UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
"""The categories of what a spreadsheet may drop before it looks for a formula."""


class Csv(Format):
    """The line of a row is the one on which it begins."""

    name = "csv"
    endings = (".csv",)
    may_be_gzipped = True
    media_types = ("text/csv",)

    def read(self, file: Path, columns: InputColumns, skip: int, check: Check) -> FoundRows:
        csv.field_size_limit(MAX_CSV_BYTES)  # the module knows one limit, for all readers
        end = 0
        with LineReader(file, check) as reader:
            lines = _RowLines(reader.lines(MAX_CSV_BYTES))
            rows = csv.reader(lines, strict=True)
            try:
                header = next(rows, [])
                check_columns(file, header, columns)
                while True:
                    end = rows.line_num
                    lines.begin_row()
                    cells = next(rows, None)
                    if cells is None:
                        return
                    if cells and skip:
                        skip -= 1
                    elif cells:
                        yield _row(file, end + 1, header, cells, columns)
            except (csv.Error, *UNREADABLE) as error:
                if not skip:
                    yield rest_is_lost(file, end + 1, why_lost(error))

    def encode(self, records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(columns)
        writer.writerows([_cell(record.get(name)) for name in columns] for record in records)
        return text.getvalue().encode()

    def decode(self, content: bytes, names: Sequence[str]) -> Iterable[Sequence[Any]]:
        records = csv.DictReader(io.StringIO(content.decode(), newline=""))
        return ([record[name] or None for name in names] for record in records)

    def join(self, parts: Iterator[Path], path: Path) -> None:
        with path.open("wb") as whole:
            for number, part in enumerate(parts):
                with part.open("rb") as scores:
                    header = scores.readline()  # the names of columns have no line breaks
                    if not number:
                        whole.write(header)
                    shutil.copyfileobj(scores, whole)


class _RowLines(Iterator[str]):
    """The lines of a CSV file. Raises csv.Error where a row is too large to be held.

    Bytes that are not UTF-8 become surrogates; the row that holds them is rejected for that.
    """

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self._encoding = "utf-8-sig"
        self.begin_row()

    def begin_row(self) -> None:
        """The next line is the first of a row."""
        self._size_bytes = self._separators = 0

    def __next__(self) -> str:
        line = next(self._lines)
        if line is None:
            raise csv.Error
        self._size_bytes += len(line)
        self._separators += line.count(b",")
        if self._size_bytes > MAX_CSV_BYTES or self._separators > MAX_SEPARATORS:
            raise csv.Error
        encoding, self._encoding = self._encoding, "utf-8"
        return line.decode(encoding, "surrogateescape")


def _row(
    file: Path, line: int, header: Sequence[str], cells: Sequence[str], columns: InputColumns
) -> Row | Rejected | None:
    if len(cells) != len(header):
        reason = f"the row has {len(cells)} cells, and the first row {len(header)}"
        return Rejected(str(file), line, None, reason)
    return read_row(str(file), line, dict(zip(header, cells, strict=True)), columns)


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return escaped(value) if isinstance(value, str) else value


def escaped(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula (OWASP, CSV injection)."""
    first = next((mark for mark in cell if unicodedata.category(mark) not in UNSEEN), "")
    is_formula = unicodedata.normalize("NFKC", first)[:1] in FORMULA_MARKS
    return f"'{cell}" if cell[:1] in CONTROLS or is_formula else cell
