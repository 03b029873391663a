"""The scores of a finished run as one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from uuid import uuid4

from models import files
from service.archive.columns import output_columns
from service.archive.rows import Check
from service.archive.run_config import SCORES, RunConfig


def gather(config: RunConfig, path: Path, check: Check = lambda: None) -> None:
    """Writes the scores of a run into one file. Two processes that do so at once write the same.

    `check` is called between the shards, and ends it by what it raises.
    """
    fresh = path.with_name(f".{uuid4().hex}.tmp")
    try:
        parts = sorted((config.output / SCORES).glob("part-*"))
        if parts:
            config.format.join(_checked(parts, check), fresh)
        else:
            fresh.write_bytes(config.format.encode((), output_columns(full=config.full)))
        files.move_into_place(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _checked(parts: Iterable[Path], check: Check) -> Iterator[Path]:
    for part in parts:
        check()
        yield part
