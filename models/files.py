"""Files: written so that they are whole or not there, and read whatever stands in their place.

Artifacts, archives and training all write and read through these.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_MANIFEST_BYTES = 16 * 1024


def read_regular(path: Path, limit: int) -> bytes:
    """A regular file's content, `limit` bytes of it at most. Never waits, as a pipe would make it.

    Raises OSError, for what is no regular file too: a link, a pipe, a device.
    """
    with open(path, "rb", opener=_open) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no regular file")
        return file.read(limit)


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def write_atomically(path: Path, content: bytes) -> None:
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
    flush(path.parent)


def move_into_place(fresh: Path, path: Path) -> None:
    """Puts a file that another library has written in its place, for good."""
    flush(fresh)
    fresh.rename(path)
    flush(path.parent)


def append_at(path: Path, content: bytes, at_bytes: int) -> int:
    """Writes at an offset, dropping what a broken write left after it. Returns the new end."""
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(at_bytes)
        file.seek(at_bytes)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if not at_bytes:
        flush(path.parent)
    return at_bytes + len(content)


def flush(path: Path) -> None:
    """Makes what is in a file, or the names in a directory, survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
