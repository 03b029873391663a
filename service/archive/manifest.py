"""The manifest of a run: what it depends on, then a line for each shard that is finished.

    {"format": 3, "version": "0.1.0", "asked": {...}, "model": "SHA-256", "numerics": {...}, ...}
    {"number": 0, "rows": 998, "rejected": 2, "bytes": 51234, ...}
    {"number": 1, ...}

A shard is finished when its whole line is there. What a crash leaves after the last whole line, in
this file and in rejected.jsonl, is overwritten by what is written next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from models import files
from service.archive.errors import RunChanged
from service.archive.formats.jsonl import json_line
from service.archive.plan import Plan
from service.archive.scorer import Numerics

FORMAT = 3
NAME = "manifest.jsonl"
OR_RESTART = "name another --output, or start again with --restart"


@dataclass(frozen=True, slots=True)
class Part:
    """A finished shard: `rows` scored and `rejected`, and the size of its file.

    `rejected_bytes` is where rejected.jsonl ends with it. `articles` counts what the model read for
    this shard; `tokens`, `padded_tokens` and `seconds` are those since the shard before.
    """

    number: int
    rows: int
    rejected: int
    bytes: int
    rejected_bytes: int
    articles: int
    tokens: int
    padded_tokens: int
    seconds: float
    topics: Mapping[str, int] = field(default_factory=dict)
    stances: Mapping[str, int] = field(default_factory=dict)


class Manifest:
    """The manifest of an output directory.

    `numerics` are those of the scorer; None until one is opened for the first time.
    """

    def __init__(
        self,
        directory: Path,
        *,
        asked: Mapping[str, Any],
        model: str,
        plan: Plan,
        columns: Mapping[str, str],
        version: str,
        numerics: Numerics | None = None,
    ) -> None:
        self._path = directory / NAME
        self.asked = asked
        self.model = model
        self.plan = plan
        self.columns = columns
        self.version = version
        self.numerics = numerics
        self.parts: list[Part] = []
        self._end_bytes = 0

    @classmethod
    def read(cls, directory: Path) -> Self | None:
        """The manifest that is there. Raises RunChanged where it is not one."""
        try:
            content = (directory / NAME).read_bytes()
        except FileNotFoundError:
            return None
        first, *lines = content[: content.rfind(b"\n") + 1].splitlines(keepends=True) or [b""]
        try:
            header = json.loads(first)
            if header["format"] != FORMAT:
                raise ValueError("format")
            numerics = header["numerics"]
            found = cls(
                directory,
                asked=header["asked"],
                model=header["model"],
                plan=Plan.from_json(header["plan"]),
                columns=dict(header["columns"]),
                version=header["version"],
                numerics=None if numerics is None else Numerics(**numerics),
            )
            found.parts = [Part(**json.loads(line)) for line in lines]
        except (ValueError, KeyError, TypeError):
            raise RunChanged(f"{NAME} there is not one of this version; {OR_RESTART}") from None
        found._end_bytes = len(first) + sum(map(len, lines))
        return found

    def write(self) -> None:
        """Writes the whole manifest, with the parts that it has."""
        header = {
            "format": FORMAT,
            "version": self.version,
            "asked": self.asked,
            "model": self.model,
            "numerics": None if self.numerics is None else self.numerics._asdict(),
            "columns": self.columns,
            "plan": self.plan.to_json(),
        }
        lines = [header, *(asdict(part) for part in self.parts)]
        content = b"".join(map(json_line, lines))
        files.write_atomically(self._path, content)
        self._end_bytes = len(content)

    def add(self, part: Part) -> None:
        """Adds a shard whose files are on disk. From here on it is finished."""
        self._end_bytes = files.append_at(self._path, json_line(asdict(part)), self._end_bytes)
        self.parts.append(part)

    @property
    def rejected(self) -> int:
        """The rows that were rejected so far."""
        return sum(part.rejected for part in self.parts)

    @property
    def rejected_bytes(self) -> int:
        """Where rejected.jsonl ends."""
        return self.parts[-1].rejected_bytes if self.parts else 0

    @property
    def is_finished(self) -> bool:
        """Whether every row is scored or rejected."""
        return sum(part.rows + part.rejected for part in self.parts) == self.plan.rows
