"""The manifest of a run: what was asked and planned, then a line for each shard that is finished.

    {"format": 1, "asked": {...}, "model": "SHA-256", "plan": {...}}
    {"number": 0, "rows": 998, "rejected": 2, "bytes": 51234, ...}
    {"number": 1, ...}

A shard is finished when its line is there, whole. What a crash leaves after the last whole line, in
this file and in rejected.jsonl, is overwritten by what comes next.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from models import files
from service.archive.errors import RunChanged
from service.archive.plan import Plan
from service.archive.writers import json_line

FORMAT = 1
NAME = "manifest.jsonl"
ANEW = "name another --output, or begin anew with --restart"


@dataclass(frozen=True, slots=True)
class Part:
    """A finished shard: `rows` scored and `rejected`, its file's size, and what it took.

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
    """The manifest of an output directory."""

    def __init__(self, directory: Path, asked: Mapping[str, Any], model: str, plan: Plan) -> None:
        self._path = directory / NAME
        self.asked = asked
        self.model = model
        self.plan = plan
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
            found = cls(directory, header["asked"], header["model"], Plan.from_json(header["plan"]))
            found.parts = [Part(**json.loads(line)) for line in lines]
        except (ValueError, KeyError, TypeError):
            raise RunChanged(f"{NAME} there is not one of this version; {ANEW}") from None
        found._end_bytes = len(first) + sum(map(len, lines))
        return found

    def begin(self) -> None:
        """Put the manifest on disk, with the parts that it has."""
        head = {"format": FORMAT, "asked": self.asked, "model": self.model}
        lines = [{**head, "plan": self.plan.to_json()}, *(asdict(part) for part in self.parts)]
        content = b"".join(map(json_line, lines))
        files.write_atomically(self._path, content)
        self._end_bytes = len(content)

    def add(self, part: Part) -> None:
        """Enter a shard whose files are on disk: from here on it is finished."""
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
        """Whether every row is accounted for."""
        return sum(part.rows + part.rejected for part in self.parts) == self.plan.rows
