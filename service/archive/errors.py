"""The errors that stop the scoring of an archive, each with its exit status.

    NutgrafError
    └── ArchiveError                      2
        ├── InputRefused            2   no such file
        │   └── ColumnMissing       2   no such column in a file
        ├── RunChanged              2   another input, model, version, … than the run was begun with
        ├── RunBusy                 2   another process is writing to the directory
        ├── ClusterFailed           2   Ray is missing, cannot be reached, or loses its workers
        ├── TooManyRejected         4   more rows were rejected than --max-rejected allows
        └── StorageFailed           5   the disk is full or failed; what was finished is intact

A run that reaches its end exits with 0, or with 3 where rows were rejected. After every stop but
RunChanged the same command goes on where the run was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import NutgrafError
from service.printable import as_text

EXIT_REJECTED = 3


class ArchiveError(NutgrafError):
    """The run ends here."""

    exit_status = 2

    def __init__(self, reason: str) -> None:
        super().__init__(as_text(reason))


class InputRefused(ArchiveError):
    """No such file, or nothing in it that can be read."""


class ColumnMissing(InputRefused):
    """No such column in a file, whose columns are `names`."""

    def __init__(self, file: Path, column: str, names: Iterable[str]) -> None:
        super().__init__(f"{file}: no column {column!r}; name the columns by --text-column …")
        self.column = column
        self.names = tuple(names)


class RunChanged(ArchiveError):
    """The input, options, model, version or numerics are not those that the run was begun with."""


class RunBusy(ArchiveError):
    """Another process is writing to the directory."""


class ClusterFailed(ArchiveError):
    """Ray is missing, cannot be reached, or loses its workers."""


class TooManyRejected(ArchiveError):
    """More rows were rejected than allowed."""

    exit_status = 4


class StorageFailed(ArchiveError):
    """The disk is full or failed."""

    exit_status = 5


@contextmanager
def storage(what: str) -> Iterator[None]:
    """Turns the errors of a failing disk into StorageFailed; `what` was being written."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StorageFailed(
            f"{what} could not be written ({reason or type(error).__name__}); "
            "make room and run the same command again: what was finished is kept"
        ) from error
