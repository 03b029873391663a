"""What is asked of a run over an archive, and where its files are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from models.article import Article, Options
from service.archive.rows import Columns
from service.archive.writers import Format
from service.printable import as_text

SHARD_ROWS = 1024
SCORES, REJECTED, REPEATED = "scores", "rejected.jsonl", "repeated.sqlite"


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What is to be scored, how, and where to. `options` without targets: `target` is for all rows.

    With `bare_names` the output names the files without their folders.
    `engine` names whatever else the numbers depend on: device, number format, budget.
    """

    inputs: tuple[str, ...]
    output: Path
    columns: Columns = field(default_factory=Columns)
    options: Options = field(default_factory=Options)
    target: str | None = None
    format: Format = Format.PARQUET
    limit: int | None = None
    full: bool = False
    shard_rows: int = SHARD_ROWS
    bare_names: bool = False
    engine: Mapping[str, Any] = field(default_factory=dict)

    def asked(self) -> dict[str, Any]:
        """All that the output depends on, but for the input and the model, as JSON has it."""
        columns = asdict(self.columns)
        where = [list(condition) for condition in columns.pop("where")]
        options = asdict(self.options)
        tasks = self.options.tasks
        options |= {
            "tasks": None if tasks is None else sorted(tasks),
            "targets": list(self.options.targets),
        }
        return {
            **{f"{name}_column": value for name, value in columns.items()},
            "where": where or None,
            **options,
            "target": self.target,
            "format": str(self.format),
            "limit": self.limit,
            "full": self.full,
            "shard_rows": self.shard_rows,
            **self.engine,
        }

    def article(self, text: str, title: str | None, target: str | None) -> Article:
        """An article with what is asked of it."""
        target = target or self.target
        options = replace(self.options, targets=(target,)) if target else self.options
        return Article(text, title, options=options)

    def shown(self, file: str) -> str:
        """What the output calls a file."""
        return as_text(Path(file).name if self.bare_names else file)

    def part(self, number: int) -> Path:
        """Where the rows of a shard are."""
        return self.output / SCORES / f"part-{number:05}.{self.format}"
