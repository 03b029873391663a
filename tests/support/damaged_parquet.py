"""Reads damaged Parquet files: `python -m tests.support.damaged_parquet FILE FIRST COUNT`.

It is a separate program because a damaged file may crash the process.
"""

from __future__ import annotations

import datetime
import io
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from service.archive import readers
from service.archive.errors import InputRefused
from service.archive.rows import InputColumns, Rejected, Row

WRITTEN: tuple[Mapping[str, Any], ...] = (
    {},
    {"compression": "zstd"},
    {"use_dictionary": False, "compression": "gzip"},
    {"data_page_version": "2.0"},
    {"row_group_size": 7, "compression": "none"},
    {"use_dictionary": False, "column_encoding": {"text": "DELTA_BYTE_ARRAY"}},
)


def whole() -> Iterator[bytes]:
    """Small undamaged files."""
    rows = [
        {
            "id": str(number),
            "text": f"Rain fell on {number % 7} towns.",
            "title": None if number % 3 else f"Rain {number}",
            "date": datetime.datetime(2026, 1, 1 + number % 28),
        }
        for number in range(40)
    ]
    for options in WRITTEN:
        file = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows), file, **options)
        yield file.getvalue()


def mutant(chance: random.Random, content: bytes) -> bytes:
    """A copy of the file with some bytes changed, removed or repeated."""
    changed = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        place, count = chance.randrange(len(changed)), chance.randrange(1, 9)
        other = chance.randrange(len(changed))
        changed[place : place + count] = chance.choice(
            (
                bytes([chance.randrange(256)]) + changed[place + 1 : place + count],
                bytes([changed[place] ^ 1 << chance.randrange(8)])
                + changed[place + 1 : place + count],
                b"",
                chance.randbytes(count),
                b"\xff" * count,
                changed[other : other + 4 * count],
            )
        )
    return bytes(changed)


def main(path: Path, first: int, count: int) -> None:
    files = list(whole())
    for number in range(first, first + count):
        print(number, flush=True)
        chance = random.Random(number)
        path.write_bytes(mutant(chance, chance.choice(files)))
        with suppress(InputRefused):  # where the name of a column is another
            for row in readers.read(path, InputColumns(date="date")):
                assert isinstance(row, Row | Rejected)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
