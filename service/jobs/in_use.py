"""Which directories are in use by some process, of this machine or another."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_USE = ".in-use"


@contextmanager
def in_use(directory: Path) -> Iterator[None]:
    """Marks a directory as in use, and makes it. The mark of a killed process is gone."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / IN_USE).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def unused(directory: Path) -> Iterator[bool]:
    """Whether nobody uses a directory, and if so nobody does until the end."""
    try:
        lock = (directory / IN_USE).open("r+b")
    except OSError:
        yield True
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True
