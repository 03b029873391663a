"""The scores of a finished run as one file, and how they are sent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from service import durable
from service.bodies import CSV, NDJSON, PARQUET
from service.errors import MalformedRequest, RangeRefused
from service.records import Format, encode
from service.request import SCORES, Request
from service.rows import Check

MEDIA_TYPES: Mapping[Format, str] = {
    Format.JSONL: NDJSON,
    Format.CSV: CSV,
    Format.PARQUET: PARQUET,
}


def gather(run: Request, path: Path, check: Check = lambda: None) -> None:
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
        durable.settle(fresh, path)
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


class Download(FileResponse):
    """A file, whole or in byte ranges (RFC 9110, section 14), with an ETag for If-Range.

    Raises RangeRefused or MalformedRequest where Starlette would answer in plain text.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start":
                _check(message)
            await send(message)

        await super().__call__(scope, receive, checked)


def _check(start: Mapping[str, Any]) -> None:
    if start["status"] == 416:
        size_bytes = int(dict(start["headers"])[b"content-range"].rpartition(b"/")[2])
        raise RangeRefused(f"The file has {size_bytes} bytes; ask for some of these.", size_bytes)
    if start["status"] == 400:
        raise MalformedRequest("The Range header cannot be read; ask for bytes=FIRST-LAST.")
