"""What a file format of archives has to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from service.archive.errors import ColumnMissing
from service.archive.rows import Check, InputColumns, Rejected, Row

DAMAGED = "the file breaks off or is damaged here"

FoundRows = Iterator[Row | Rejected | None]
"""The rows of a file. None is a row that was not asked for."""
Record = Mapping[str, Any]
"""A row of the output, by column. A column that it lacks is empty."""


class Format(ABC):
    """A file format: how archives in it are read, and how scores are written in it."""

    name: ClassVar[str]
    """As in `--format`. The files of the output end in it."""
    endings: ClassVar[tuple[str, ...]]
    """Of the files that are read. An archive that was sent over HTTP is stored with the first."""
    may_be_gzipped: ClassVar[bool] = False
    """Whether files that end in `.gz` after one of the endings are read too."""
    media_types: ClassVar[tuple[str, ...]]
    """Those that a request may name. An answer names the first."""

    @abstractmethod
    def read(self, file: Path, columns: InputColumns, skip: int, check: Check) -> FoundRows:
        """The rows of a file after the first `skip`.

        A row that cannot be read is a `Rejected`. So is the end of a file that breaks off, or that
        unfolds to more than it may. `check` is called between the steps of the reading. Raises
        ColumnMissing, what `check` raises, and OSError where the disk fails.
        """

    @abstractmethod
    def encode(self, records: Sequence[Record], columns: Mapping[str, type]) -> bytes:
        """A file with these records. The same records give the same bytes."""

    @abstractmethod
    def decode(self, content: bytes, names: Sequence[str]) -> Iterable[Sequence[Any]]:
        """Some columns of a file that `encode` wrote, row by row. An empty cell is None."""

    @abstractmethod
    def join(self, parts: Iterator[Path], path: Path) -> None:
        """Writes the rows of one or more files that `encode` wrote into one file, in order."""


def check_columns(file: Path, names: Sequence[str], columns: InputColumns) -> None:
    """Raises ColumnMissing where a table with columns of these names lacks one."""
    there = set(names)
    missing = [name for name in columns.asked if name not in there]
    if missing:
        raise ColumnMissing(file, missing[0], names)


def rest_is_lost(file: Path, line: int, reason: str) -> Rejected:
    """The end of a file that cannot be read any further."""
    return Rejected(str(file), line, None, f"{reason}; its rest is lost")
