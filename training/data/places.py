"""Where a row of a file stands, and what is wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.errors import DataError


@dataclass(frozen=True, slots=True)
class Place:
    """A row by its line, or in a file without lines by its number, from 1; None: the whole file."""

    path: Path
    line: int | None = None
    unit: str = "line"

    def __str__(self) -> str:
        return str(self.path) if self.line is None else f"{self.path}, {self.unit} {self.line}"


class Broken(DataError):
    """A row or a file that cannot be read: where, what is wrong, and the way out, in one line.

    Its text is nowhere in the reason.
    """

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason

    def __reduce__(self) -> tuple[type[Broken], tuple[Place, str]]:
        return Broken, (self.place, self.reason)  # from another process too
