"""What is asked of a run over an archive, and where its files are."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from models.article import Article, Options
from service.archive.formats import PARQUET
from service.archive.formats.format import Format
from service.archive.rows import InputColumns
from service.options import to_json
from service.printable import as_text

SHARD_ROWS = 1024
SCORES, REJECTED, REPEATED = "scores", "rejected.jsonl", "repeated.sqlite"


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What is to be scored, how, and where to.

    `target` is for all rows that name none themselves; `options` names none. The numbers depend on
    `max_batch_tokens`. With an `input_name` the output calls the input by it and shows no path.
    """

    inputs: tuple[str, ...]
    output: Path
    max_batch_tokens: int
    columns: InputColumns = field(default_factory=InputColumns)
    options: Options = field(default_factory=Options)
    target: str | None = None
    format: Format = PARQUET
    limit: int | None = None
    full: bool = False
    shard_rows: int = SHARD_ROWS
    input_name: str | None = None

    def asked(self) -> dict[str, Any]:
        """What the output depends on, but for the input, the model and the version, as JSON."""
        columns = asdict(self.columns)
        where = [list(condition) for condition in columns.pop("where")]
        return {
            **{f"{name}_column": value for name, value in columns.items()},
            "where": where or None,
            **to_json(self.options),
            "target": self.target,
            "format": self.format.name,
            "limit": self.limit,
            "full": self.full,
            "shard_rows": self.shard_rows,
            "max_batch_tokens": self.max_batch_tokens,
        }

    def reader(self, default: str | None) -> str | None:
        """The reader that judges, None where nothing is asked that a reader answers; `default` is
        the model's own."""
        has_targets = self.target is not None or self.columns.target is not None
        is_read = self.options.is_checked or (self.options.asks("stance") and has_targets)
        return (self.options.reader or default) if is_read else None

    def article(self, text: str, title: str | None, target: str | None) -> Article:
        """An article with what is asked of it."""
        target = target or self.target
        options = replace(self.options, targets=(target,)) if target else self.options
        return Article(text, title, options=options)

    def shown(self, file: str) -> str:
        """What the output calls a file."""
        return self.input_name or as_text(file)

    def part(self, number: int) -> Path:
        """Where the rows of a shard are."""
        return self.output / SCORES / f"part-{number:05}.{self.format.name}"
