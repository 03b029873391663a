"""The plan of a run: one reading of the whole input before the first article is scored.

It counts rows and cuts them into shards, takes the digest of the input, and finds the articles that
occur more than once. Those are kept in a table on disk, and scored first: every shard then finds
their answers there, so a shard's output depends on no other shard and on no order of work.

    repeated.sqlite
        shard      number, digest of its rows
        repeated   number, digest, article, answer (null until it is scored)

Memory is bounded: the digests of the articles seen are in a table too, dropped at the end.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from models.files import move_into_place
from service.archive import readers
from service.archive.rows import Check, InputColumns, Rejected, Row

CACHE_KIB = 16 * 1024
SHARD_CHARS = 2**24
"""A shard with more text ends before it has all its rows, for it is held in memory."""
SCHEMA = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE shard (number INTEGER PRIMARY KEY, digest BLOB NOT NULL);
    CREATE TABLE repeated (
        number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, article TEXT NOT NULL, answer TEXT
    );
    CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID;
"""
FINISH = "DROP TABLE seen; VACUUM;"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the input as it was when it was planned, and how many rows of it are used."""

    path: str
    size_bytes: int
    modified_ns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`rows` hold `duplicates` of others and `rejected`; `digest` is that of all rows."""

    files: tuple[PlannedFile, ...]
    rows: int
    rejected: int
    repeated: int
    duplicates: int
    digest: str

    @property
    def articles(self) -> int:
        """How many are scored: each text once."""
        return self.rows - self.rejected - self.duplicates

    def is_as_found(self, paths: Sequence[Path]) -> bool:
        """Whether these are the files of the plan and none was touched since."""
        found = [(str(path), *_state(path)) for path in paths]
        return found == [(file.path, file.size_bytes, file.modified_ns) for file in self.files]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        """The inverse of `to_json`. Raises KeyError or TypeError on other data."""
        return cls(**{**data, "files": tuple(PlannedFile(**file) for file in data["files"])})


def make(
    paths: Sequence[Path],
    columns: InputColumns,
    shard_rows: int,
    limit: int | None,
    table: Path,
    check: Check = lambda: None,
) -> Plan:
    """Reads all rows, or the first `limit`, and leaves `table` complete on disk.

    Raises InputRefused, what `check` raises, and OSError or sqlite3.Error where the disk fails.
    """
    fresh = table.with_name(f".{table.name}.tmp")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as found:
        found.executescript(f"PRAGMA cache_size = -{CACHE_KIB}; {SCHEMA}")
        scan = InputScan(found, shard_rows)
        files = [scan.count(path, columns, limit, check) for path in paths]
        plan = scan.plan(files)
        found.commit()
        found.executescript(FINISH)
    move_into_place(fresh, table)
    return plan


class ShardSize:
    """Says where a shard ends, from its rows alone: the plan and the run cut in the same places."""

    def __init__(self, most_rows: int) -> None:
        self._most_rows = most_rows
        self._begin()

    def _begin(self) -> None:
        self.rows = self._chars = 0
        self._seen: set[bytes] = set()

    def add(self, row: Row | Rejected) -> bool:
        """Whether the shard ends with this row. Equal articles count once, for one is kept."""
        self.rows += 1
        if isinstance(row, Row) and row.digest not in self._seen:
            self._seen.add(row.digest)
            self._chars += row.chars
        ends = self.rows == self._most_rows or self._chars >= SHARD_CHARS
        if ends:
            self._begin()
        return ends


class InputScan:
    """Counts rows, takes digests and finds duplicates while the input is read."""

    def __init__(self, found: sqlite3.Connection, shard_rows: int) -> None:
        self._found = found
        self._size = ShardSize(shard_rows)
        self._rows = self._rejected = self._duplicates = 0
        self._shard = shard_digest()
        self._whole = hashlib.sha256()

    def count(
        self, path: Path, columns: InputColumns, limit: int | None, check: Check
    ) -> PlannedFile:
        """Counts the rows of a file, up to the limit."""
        state, before = _state(path), self._rows
        left = None if limit is None else limit - before
        for row in islice(readers.read(path, columns, check=check), left):
            self._shard.update(row.fingerprint)
            self._rows += 1
            if isinstance(row, Row):
                self._note(row)
            else:
                self._rejected += 1
            if self._size.add(row):
                self._end_shard()
        return PlannedFile(str(path), *state, self._rows - before)

    def _note(self, row: Row) -> None:
        digest = row.digest
        new = self._found.execute("INSERT OR IGNORE INTO seen VALUES (?)", (digest,)).rowcount
        if not new:
            self._duplicates += 1
            self._repeat(row)

    def _repeat(self, row: Row) -> None:
        """Keeps an article that was seen before, if it is not kept yet."""
        known = self._found.execute("SELECT 1 FROM repeated WHERE digest = ?", (row.digest,))
        if known.fetchone() is None:
            article = json.dumps([row.text, row.title, row.target], ensure_ascii=False)
            self._found.execute(
                "INSERT INTO repeated (digest, article) VALUES (?, ?)", (row.digest, article)
            )

    def _end_shard(self) -> None:
        digest = self._shard.digest()
        self._found.execute("INSERT INTO shard (digest) VALUES (?)", (digest,))
        self._whole.update(digest)
        self._shard = shard_digest()

    def plan(self, files: Iterable[PlannedFile]) -> Plan:
        """The plan, once all files are counted."""
        if self._size.rows:
            self._end_shard()
        repeated = self._found.execute("SELECT count(*) FROM repeated").fetchone()[0]
        counts = (self._rows, self._rejected, repeated, self._duplicates)
        return Plan(tuple(files), *counts, self._whole.hexdigest())


def shard_digest() -> hashlib.blake2b:
    """A digest that is updated with the fingerprint of each row of a shard."""
    return hashlib.blake2b(digest_size=16)


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns


class DuplicateStore:
    """The articles that occur more than once, and their answers; safe against kill -9."""

    def __init__(self, table: Path) -> None:
        self._table = sqlite3.connect(table)
        self._table.executescript("PRAGMA synchronous = FULL;")
        self.count = int(self._table.execute("SELECT count(*) FROM repeated").fetchone()[0])

    def __enter__(self) -> DuplicateStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._table.close()

    def shard_digest(self, shard: int) -> bytes:
        """The digest that the rows of a shard had when they were planned; shards count from 0."""
        found = self._table.execute("SELECT digest FROM shard WHERE number = ?", (shard + 1,))
        digest: bytes = found.fetchone()[0]
        return digest

    @property
    def answered(self) -> int:
        """How many have their answer; they get it in order."""
        found = self._table.execute("SELECT count(*) FROM repeated WHERE answer IS NOT NULL")
        return int(found.fetchone()[0])

    def articles(self, begin: int) -> Iterator[tuple[str, str | None, str | None]]:
        """Text, title and target of each from number `begin` on, counted from 0."""
        found = self._table.execute(
            "SELECT article FROM repeated WHERE number > ? ORDER BY number", (begin,)
        )
        for (article,) in found:
            text, title, target = json.loads(article)
            yield text, title, target

    def answer(self, begin: int, answers: Iterable[str]) -> None:
        """Keep the answers of the articles from `begin` on: all of them, or none."""
        with self._table:
            self._table.executemany(
                "UPDATE repeated SET answer = ? WHERE number = ?",
                [(answer, number) for number, answer in enumerate(answers, begin + 1)],
            )

    def find(self, digest: bytes) -> str | None:
        """The answer of an article that occurs more than once; None for any other."""
        if not self.count:
            return None
        found = self._table.execute("SELECT answer FROM repeated WHERE digest = ?", (digest,))
        row: tuple[str] | None = found.fetchone()
        return row[0] if row else None
