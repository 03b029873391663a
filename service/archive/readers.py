"""The files of an archive, found and read row by row in bounded memory.

A row that cannot be read is a `Rejected` in its place. A file that breaks off, or that cannot be
trusted, ends with a `Rejected` that says so, and the archive goes on with the next file.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from service.archive import formats
from service.archive.errors import InputRefused
from service.archive.rows import Check, InputColumns, Rejected, Row

Rows = Iterator[Row | Rejected]


def _nothing() -> None: ...


def find(inputs: Sequence[str]) -> list[Path]:
    """The files that are named: as they are, by glob, or all readable ones in a directory.

    Each once, in the order of the arguments, sorted within one. Raises InputRefused.
    """
    found: dict[Path, None] = {}
    for name in inputs:
        path = Path(name)
        if path.is_dir():
            inside = (file for file in path.rglob("*") if file.is_file())
            files = sorted(file for file in inside if formats.of_file(file))
        elif path.is_file():
            files = [path]
        else:
            files = sorted(Path(match) for match in glob.glob(name, recursive=True))
        if not files:
            raise InputRefused(f"{name}: no such file, and no directory or glob with any in it")
        found.update(dict.fromkeys(files))
    for file in found:
        if formats.of_file(file) is None:
            known = ", ".join(ending for ending, _ in formats.endings())
            raise InputRefused(f"{file}: files of this name are not read; give {known}")
    return list(found)


def read(file: Path, columns: InputColumns, skip: int = 0, check: Check = _nothing) -> Rows:
    """The rows of a file that are asked for, after the first `skip`. Raises InputRefused.

    `check` is called between the steps of the reading, and ends it by what it raises.
    """
    its_format = formats.of_file(file)
    if its_format is None:
        raise InputRefused(f"{file}: files of this name are not read")
    unread = 0 if columns.where else skip  # with a condition, only reading a row tells if it counts
    found = its_format.read(file, columns, unread, check)
    rows = (row for row in found if row is not None)
    try:
        yield from islice(rows, skip - unread, None)
    except OSError as error:
        raise InputRefused(f"{file}: {error.strerror or type(error).__name__}") from error


def read_from(
    files: Sequence[tuple[Path, int]], columns: InputColumns, skip: int, check: Check = _nothing
) -> Rows:
    """The rows of all files in turn, after the first `skip`; of each file as many as are named."""
    for file, count in files:
        if skip >= count:
            skip -= count
            continue
        yield from islice(read(file, columns, skip, check), count - skip)
        skip = 0
