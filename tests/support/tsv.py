"""A file format that nutgraf does not have: an id and a text a line, separated by a tab."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from service.archive.formats import FORMATS
from service.archive.formats.format import Format, FoundRows, Record
from service.archive.rows import Check, InputColumns, Rejected, read_row


class Tsv(Format):
    """What is written begins with a line that names the columns."""

    name = "tsv"
    endings = (".tsv",)
    media_types = ("text/tab-separated-values",)

    def read(self, file: Path, columns: InputColumns, skip: int, check: Check) -> FoundRows:
        for number, line in enumerate(file.read_text().splitlines()[skip:], skip + 1):
            check()
            name, tab, text = line.partition("\t")
            if tab:
                yield read_row(str(file), number, {"id": name, columns.text: text}, columns)
            else:
                yield Rejected(str(file), number, None, "there is no tab in the line")

    def encode(self, records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
        rows = ([str(record.get(name)) for name in columns] for record in records)
        lines = [list(columns), *rows]
        return "".join("\t".join(line) + "\n" for line in lines).encode()

    def decode(self, content: bytes, names: Sequence[str]) -> Iterable[Sequence[Any]]:
        header, *lines = (line.split("\t") for line in content.decode().splitlines())
        return ([line[header.index(name)] for name in names] for line in lines)

    def join(self, parts: Iterator[Path], path: Path) -> None:
        header, *lines = next(parts).read_text().splitlines(keepends=True)
        for part in parts:
            lines += part.read_text().splitlines(keepends=True)[1:]
        path.write_text("".join([header, *lines]))


def register() -> None:
    """What a line in `service/archive/formats/__init__.py` does for a format of nutgraf's own."""
    FORMATS[Tsv.name] = Tsv()
