"""Files that are whole or not there, whatever happens to the process or the machine.

And directories that are in use by some process, of this machine or another, and those that are not.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_USE = ".in-use"


def write(path: Path, content: bytes) -> None:
    """Replaces a file in one step: written beside it, flushed, renamed, the name flushed."""
    fresh = path.with_name(f".{path.name}.tmp")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.rename(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    flush_directory(path.parent)


def settle(fresh: Path, path: Path) -> None:
    """Puts a file that another library has written in its place, for good."""
    handle = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    fresh.rename(path)
    flush_directory(path.parent)


def append(path: Path, content: bytes, at_bytes: int) -> int:
    """Writes at an offset, dropping what a broken write left after it. Returns the new end."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(at_bytes)
        file.seek(at_bytes)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if not at_bytes:
        flush_directory(path.parent)
    return at_bytes + len(content)


def flush_directory(directory: Path) -> None:
    """Makes the names in a directory survive a loss of power."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def in_use(directory: Path) -> Iterator[None]:
    """Makes a directory, if need be, and holds it as in use; a killed process lets go of it."""
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
