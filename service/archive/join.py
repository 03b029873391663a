"""The scores of a finished run as one file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

from models import files
from service.archive.rows import Check
from service.archive.run_config import SCORES, RunConfig
from service.archive.writers import Format, encode


def gather(run: RunConfig, path: Path, check: Check = lambda: None) -> None:
    """Puts the scores of a run into one file. Whoever does so at the same time leaves the same.

    `check` is called between the shards, and ends it by what it raises.
    """
    fresh = path.with_name(f".{uuid4().hex}.tmp")
    try:
        parts = sorted((run.output / SCORES).glob("part-*"))
        if parts:
            JOINS[run.format](_checked(parts, check), fresh)
        else:
            fresh.write_bytes(encode((), run.format, full=run.full))
        files.move_into_place(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _checked(parts: Iterable[Path], check: Check) -> Iterator[Path]:
    for part in parts:
        check()
        yield part


def _lines(parts: Iterable[Path], path: Path) -> None:
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as scores:
                shutil.copyfileobj(scores, whole)


def _csv(parts: Iterable[Path], path: Path) -> None:
    with path.open("wb") as whole:
        for number, part in enumerate(parts):
            with part.open("rb") as scores:
                header = scores.readline()  # the names of columns have no line breaks
                if not number:
                    whole.write(header)
                shutil.copyfileobj(scores, whole)


def _parquet(parts: Iterator[Path], path: Path) -> None:
    """A row group for each shard, so that no more than one is ever in memory."""
    import pyarrow.parquet as pq

    first = pq.read_table(next(parts))
    with pq.ParquetWriter(path, first.schema, compression="zstd") as whole:
        whole.write_table(first)
        for part in parts:
            whole.write_table(pq.read_table(part))


JOINS: Mapping[Format, Callable[[Iterator[Path], Path], None]] = {
    Format.JSONL: _lines,
    Format.CSV: _csv,
    Format.PARQUET: _parquet,
}
