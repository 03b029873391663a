"""The file formats of archives: each has one module, and its place in FORMATS.

Everything else asks here: the reading of files, `--format`, uploads, downloads and the OpenAPI
document.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from service.archive.formats.csv import Csv
from service.archive.formats.format import Format
from service.archive.formats.jsonl import Jsonl
from service.archive.formats.lines import GZIP_ENDING
from service.archive.formats.parquet import Parquet

JSONL, CSV, PARQUET = Jsonl(), Csv(), Parquet()
FORMATS: dict[str, Format] = {one.name: one for one in (JSONL, CSV, PARQUET)}


def endings() -> Iterator[tuple[str, Format]]:
    """What the names of files end in that are read, each with its format."""
    for one in FORMATS.values():
        for ending in one.endings:
            yield ending, one
            if one.may_be_gzipped:
                yield ending + GZIP_ENDING, one


def of_file(file: Path) -> Format | None:
    """The format of a file, by its name; None where files of that name are not read."""
    name = file.name.lower()
    return next((one for ending, one in endings() if name.endswith(ending)), None)
