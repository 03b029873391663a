"""JSON lines: one object a line. Over HTTP its name is NDJSON."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from service.archive.formats.format import Format, FoundRows, Record, rest_is_lost
from service.archive.formats.lines import MAX_SEPARATORS, UNREADABLE, LineReader, why_lost
from service.archive.rows import MAX_ROW_BYTES, Check, InputColumns, Rejected, Row, read_row


class Jsonl(Format):
    """Blank lines are no rows."""

    name = "jsonl"
    endings = (".jsonl", ".ndjson")
    may_be_gzipped = True
    media_types = ("application/x-ndjson", "application/ndjson", "application/jsonl")

    def read(self, file: Path, columns: InputColumns, skip: int, check: Check) -> FoundRows:
        number = 0
        with LineReader(file, check) as reader:
            try:
                for number, line in enumerate(reader.lines(MAX_ROW_BYTES), 1):
                    if line is not None and not line.strip():
                        continue
                    if skip:
                        skip -= 1
                        continue
                    yield _row(file, number, line, columns)
            except UNREADABLE as error:
                if not skip:
                    yield rest_is_lost(file, number + 1, why_lost(error))

    def encode(self, records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
        return b"".join(
            json_line({name: record.get(name) for name in columns}) for record in records
        )

    def decode(self, content: bytes, names: Sequence[str]) -> Iterable[Sequence[Any]]:
        records: Iterable[Record] = (json.loads(line) for line in content.splitlines() if line)
        return ([record[name] or None for name in names] for record in records)

    def join(self, parts: Iterator[Path], path: Path) -> None:
        with path.open("wb") as whole:
            for part in parts:
                with part.open("rb") as scores:
                    shutil.copyfileobj(scores, whole)


def json_line(data: Mapping[str, Any]) -> bytes:
    """One line of JSON. What is not UTF-8 in the name of a file is escaped."""
    return json.dumps(data, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _row(
    file: Path, number: int, line: bytes | None, columns: InputColumns
) -> Row | Rejected | None:
    reject = partial(Rejected, str(file), number, None)
    if line is None:
        return reject(f"the line is longer than {MAX_ROW_BYTES} bytes")
    if sum(map(line.count, (b",", b"[", b"{"))) > MAX_SEPARATORS:
        return reject(f"the line has more than {MAX_SEPARATORS} commas and brackets")
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
