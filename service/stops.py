"""What ends the scoring of an archive before its end, and the exit status that says so.

    NutgrafError
    └── Stop                        2
        ├── InputRefused            2   no such file, or no such column in it
        ├── RunChanged              2   not the input, options or model that the run was begun with
        ├── RunBusy                 2   another process is writing to the directory
        ├── ModelFailed             2   the model answers nothing, not even a text of its own
        ├── ClusterFailed           2   Ray is missing, not to be reached, or loses its workers
        ├── TooManyRejected         4   more rows were rejected than --max-rejected allows
        └── StorageFailed           5   the disk is full or failed; what was finished is intact

A run that reaches its end exits with 0, or with 3 where rows were rejected. After every stop but
RunChanged the same command goes on where the run was.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import NutgrafError

EXIT_REJECTED = 3


class Stop(NutgrafError):
    """The run ends here."""

    exit_status = 2


class InputRefused(Stop):
    """No such file, or no such column in it."""


class RunChanged(Stop):
    """Not the input, options or model that the run was begun with."""


class RunBusy(Stop):
    """Another process is writing to the directory."""


class ModelFailed(Stop):
    """The model answers nothing, not even a text of its own."""


class ClusterFailed(Stop):
    """Ray is missing, not to be reached, or loses its workers."""


class TooManyRejected(Stop):
    """More rows were rejected than may be."""

    exit_status = 4


class StorageFailed(Stop):
    """The disk is full or failed."""

    exit_status = 5


@contextmanager
def storage(what: str) -> Iterator[None]:
    """Turns what a failing disk raises into StorageFailed; `what` was being written."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StorageFailed(
            f"{what} could not be written ({reason or type(error).__name__}); "
            "make room and run the same command again: what was finished is kept"
        ) from error
