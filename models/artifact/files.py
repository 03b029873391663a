"""A directory that is replaced in one step: all is written beside it, then swapped."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from models.files import flush, write_atomically


def replace_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Writes a directory of files, replacing what is there in one step. Raises OSError."""
    directory = directory.absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        for name, content in files.items():
            write_atomically(fresh / name, content)
        fresh.chmod(0o755)
        _replace(fresh, directory)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _replace(fresh: Path, directory: Path) -> None:
    """Puts `fresh` in place, in one step where the system can; the older one goes last."""
    aside = fresh
    if not directory.exists():
        fresh.rename(directory)
    elif not _swap(fresh, directory):
        aside = fresh.with_name(fresh.name + ".old")
        directory.rename(aside)
        try:
            fresh.rename(directory)
        except OSError:
            aside.rename(directory)
            raise
    flush(directory.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _swap(one: Path, other: Path) -> bool:
    """Swaps two directories in one step, by Linux's renameat2. False where there is no such step.

    With two renames a kill between them would leave no artifact.
    """
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(
        rename is not None
        and rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0
    )
