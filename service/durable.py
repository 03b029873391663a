"""Files that are whole or not there, whatever happens to the process or the machine."""

from __future__ import annotations

import os
from pathlib import Path


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
