"""Text files, gzipped or not, read line by line in bounded memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, cast

from service.archive.formats.format import DAMAGED
from service.archive.rows import (
    ROW_BYTES,
    UNFOLDED_RATIO,
    UNFOLDED_SPARE_BYTES,
    UNFOLDS,
    Check,
)

GZIP_ENDING = ".gz"
SKIPPED_BYTES = 2**16
MAX_SEPARATORS = 2**18
"""The most commas and brackets of a row. They become values, which are larger in memory."""


class UnfoldsTooFar(Exception):
    """The file unfolds to more than it may."""


UNREADABLE = (UnfoldsTooFar, EOFError, zlib.error, gzip.BadGzipFile)
"""What the reading of a line raises where the rest of the file is lost."""


def why_lost(error: Exception) -> str:
    """Why the rest of a file is lost, after one of the errors above."""
    return UNFOLDS if isinstance(error, UnfoldsTooFar) else DAMAGED


class LineReader(AbstractContextManager["LineReader"]):
    """The lines of a file. It counts what they unfold to."""

    def __init__(self, file: Path, check: Check) -> None:
        is_gzipped = file.suffix.lower() == GZIP_ENDING
        self._file = cast(BinaryIO, gzip.GzipFile(file)) if is_gzipped else file.open("rb")
        self._left_bytes = UNFOLDED_SPARE_BYTES + UNFOLDED_RATIO * file.stat().st_size
        self._check = check

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def lines(self, max_bytes: int) -> Iterator[bytes | None]:
        """The lines; None for one longer than `max_bytes`, which is never held whole."""
        while line := self._read(max_bytes + 1):
            if len(line) <= max_bytes or line.endswith(b"\n"):
                yield line
                continue
            while (rest := self._read(SKIPPED_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield None

    def _read(self, max_bytes: int) -> bytes:
        """A line, or the beginning of one. Raises one of UNREADABLE."""
        self._check()
        line = self._file.readline(max_bytes)
        self._left_bytes -= len(line) + ROW_BYTES
        if self._left_bytes < 0:
            raise UnfoldsTooFar
        return line
