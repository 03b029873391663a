"""What is written of an archive: flat rows of typed columns, as Parquet, JSON lines or CSV.

The columns are the same whatever was asked; a task that was not asked for leaves its own empty.
"""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from models import registry
from models.analysis import Analysis
from service.archive.rows import Row
from service.inference.answer import as_json

if TYPE_CHECKING:
    import pyarrow as pa

Record = Mapping[str, Any]

PLACE: Mapping[str, type] = {"file": str, "line": int, "id": str, "date": str}
READ: Mapping[str, type] = {"language": str, "tokens": int, "truncated": bool, "model": str}
FULL = "analysis"
DECIMALS = 4
FORMULA_MARKS = frozenset("=+-@\N{MINUS SIGN}")
CONTROLS = frozenset("\t\r\n\0")
UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
"""The categories of what a spreadsheet may drop before it looks for a formula."""


class Format(StrEnum):
    """How the rows are written; also how their files are named."""

    PARQUET = "parquet"
    JSONL = "jsonl"
    CSV = "csv"


def answer_of(analysis: Analysis, *, full: bool) -> dict[str, Any]:
    """The columns that an analysis fills: all that rows with the same text have in common."""
    answer: dict[str, Any] = {
        "language": analysis.language,
        "tokens": analysis.input.tokens,
        "truncated": analysis.input.truncated,
    }
    for task in registry.tasks():
        if (result := analysis.results.get(task.name)) is not None:
            answer |= {name: _rounded(of(result)) for name, (_, of) in task.columns.items()}
    if full:
        answer[FULL] = as_json(analysis).decode()
    return answer


def columns(*, full: bool) -> dict[str, type]:
    """The columns of an output, whatever was asked for, and their types."""
    tasks = {name: kind for task in registry.tasks() for name, (kind, _) in task.columns.items()}
    return {**PLACE, **tasks, **READ, **({FULL: str} if full else {})}


def _rounded(value: object) -> object:
    return round(value, DECIMALS) if isinstance(value, float) else value


def record_of(row: Row, file: str, answer: Mapping[str, Any], model_digest: str) -> Record:
    """A row of the output; `file` is what the output calls the row's file."""
    place = {"file": file, "line": row.line, "id": row.id, "date": row.date}
    return {**place, **answer, "model": model_digest}


def encode(records: Sequence[Record], form: Format, *, full: bool) -> bytes:
    """A file of the output. The same records are the same bytes."""
    return ENCODERS[form](records, columns(full=full))


def escaped(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula (OWASP, CSV injection)."""
    first = next((mark for mark in cell if unicodedata.category(mark) not in UNSEEN), "")
    is_formula = unicodedata.normalize("NFKC", first)[:1] in FORMULA_MARKS
    return f"'{cell}" if cell[:1] in CONTROLS or is_formula else cell


def _parquet(records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(records, schema), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _jsonl(records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
    return b"".join(json_line({name: record.get(name) for name in columns}) for record in records)


def _csv(records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(record.get(name)) for name in columns] for record in records)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    return escaped(value) if isinstance(value, str) else value


def json_line(data: Mapping[str, Any]) -> bytes:
    """One line of JSON; of a file's name, what is not UTF-8 is escaped as JSON has it."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


ENCODERS: Mapping[Format, Callable[[Sequence[Record], Mapping[str, type]], bytes]] = {
    Format.PARQUET: _parquet,
    Format.JSONL: _jsonl,
    Format.CSV: _csv,
}


def read_columns(content: bytes, form: Format, names: Sequence[str]) -> Iterable[Sequence[Any]]:
    """Some columns of a file that `encode` wrote, row by row."""
    if form is Format.PARQUET:
        import pyarrow as pa
        import pyarrow.parquet as pq

        table: pa.Table = pq.read_table(pa.BufferReader(content), columns=list(names))
        return zip(*(table.column(name).to_pylist() for name in names), strict=True)
    if form is Format.JSONL:
        records: Iterable[Record] = (json.loads(line) for line in content.splitlines() if line)
    else:
        records = csv.DictReader(io.StringIO(content.decode(), newline=""))
    return ([record[name] or None for name in names] for record in records)
