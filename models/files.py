"""Reading the files of an artifact, whatever stands in their place."""

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
