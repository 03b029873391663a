"""The queue of jobs, in SQLite or PostgreSQL: who runs which, and for how long it is theirs.

A replica leases the oldest job that is free and renews the lease as long as it lives. A lease that
ran out makes the job free again, so a dead replica's job is taken over. Times are those of the
database, which all replicas share; the methods block, and are for threads.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from service.errors import JobsUnreachable

RETRY_AFTER_S = 5
MAX_ATTEMPTS = 5
"""How often a job may be taken up without finishing a shard, before it is given up."""


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (JobState.QUEUED, JobState.RUNNING)
_metadata = sa.MetaData()
_job = sa.Table(
    "nutgraf_job",
    _metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("file", sa.String(64), nullable=False),
    sa.Column("asked", sa.JSON, nullable=False),
    sa.Column("progress", sa.JSON, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Column("finished_s", sa.Double),
    sa.Column("holder", sa.String(32)),
    sa.Column("held_until_s", sa.Double),
    sa.Index("nutgraf_job_by_state", "state", "created_s"),
    sa.Index("nutgraf_job_by_owner", "owner", "created_s", "id"),
)

_FREED: Mapping[str, Any] = {"state": JobState.QUEUED, "attempts": _job.c.attempts - 1}


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as it is stored; times are in seconds since 1970."""

    id: str
    owner: str
    state: JobState
    file: str
    asked: Mapping[str, Any]
    progress: Mapping[str, Any]
    error: str | None
    attempts: int
    created_s: float
    finished_s: float | None


class JobStore:
    """The jobs of a database, as one replica sees them. All methods raise JobsUnreachable.

    Raises ImportError where the database's driver is not installed, `sqlalchemy.exc.ArgumentError`
    where the URL is none.
    """

    def __init__(self, url: str, lease_s: float) -> None:
        self._engine = sa.create_engine(url, pool_pre_ping=True)
        self._lease_s = lease_s
        self._me = uuid.uuid4().hex
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _patient)
        with suppress(JobsUnreachable):  # another replica may be making the table just now
            self._make()
        self._make()

    def _make(self) -> None:
        with self._transaction() as connection:
            _metadata.create_all(connection)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            raise JobsUnreachable(
                "The database of jobs cannot be reached; try again.", RETRY_AFTER_S
            ) from error

    def close(self) -> None:
        """Give back what is still held here, and let go of the database."""
        with suppress(JobsUnreachable):  # it is free again once the lease runs out
            self._change_held(_FREED)
        self._engine.dispose()

    def add(self, job: str, owner: str, file: str, asked: Mapping[str, Any]) -> JobRecord:
        """Queue a job."""
        with self._transaction() as connection:
            values: dict[str, Any] = {"id": job, "owner": owner, "state": JobState.QUEUED}
            values |= {"file": file, "asked": dict(asked), "progress": {}}
            values["created_s"] = _now_s(connection)
            found = connection.execute(sa.insert(_job).values(values).returning(_job))
            return _record(found.mappings().one())

    def get(self, job: str, owner: str) -> JobRecord | None:
        """An owner's job; None where there is none, or it is another's."""
        mine = sa.and_(_job.c.id == job, _job.c.owner == owner)
        with self._transaction() as connection:
            row = connection.execute(sa.select(_job).where(mine)).mappings().first()
        return _record(row) if row else None

    def page(self, owner: str, limit: int, after: str | None = None) -> list[JobRecord]:
        """An owner's jobs, the newest first, from the one behind `after` on."""
        key = sa.tuple_(_job.c.created_s, _job.c.id)
        query = sa.select(_job).where(_job.c.owner == owner)
        if after is not None:
            last = sa.select(_job.c.created_s, _job.c.id).where(_job.c.id == after)
            query = query.where(key < last.scalar_subquery())
        query = query.order_by(_job.c.created_s.desc(), _job.c.id.desc()).limit(limit)
        with self._transaction() as connection:
            return [_record(row) for row in connection.execute(query).mappings()]

    def lease(self) -> JobRecord | None:
        """Take the oldest job that nobody holds; None where there is none."""
        with self._transaction() as connection:
            now_s = _now_s(connection)
            free = sa.or_(_job.c.held_until_s.is_(None), _job.c.held_until_s < now_s)
            oldest = (
                sa.select(_job.c.id)
                .where(_job.c.state.in_(OPEN), free)
                .order_by(_job.c.created_s)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            values: dict[str, Any] = {"state": JobState.RUNNING, "holder": self._me}
            values |= {"held_until_s": now_s + self._lease_s, "attempts": _job.c.attempts + 1}
            taken = (
                sa.update(_job)
                .where(_job.c.id == oldest.scalar_subquery(), free)
                .values(values)
                .returning(_job)
            )
            row = connection.execute(taken).mappings().first()
        return _record(row) if row else None

    def renew(self, job: str, progress: Mapping[str, Any], *, moved: bool) -> bool:
        """Keep a job for another lease; False where it was cancelled or taken over."""
        values: dict[str, Any] = {"progress": dict(progress)}
        if moved:
            values["attempts"] = 0
        return self._change_held(values, job, lasting=True)

    def give_back(self, job: str) -> None:
        """Let any replica take a job up again at once."""
        self._change_held(_FREED, job)

    def finish(
        self, job: str, state: JobState, progress: Mapping[str, Any], error: str | None = None
    ) -> None:
        """End a job, unless it was cancelled or taken over."""
        ended = {"state": state, "progress": dict(progress), "error": error}
        self._change_held(ended, job, ends=True)

    def _change_held(
        self,
        values: Mapping[str, Any],
        job: str | None = None,
        *,
        lasting: bool = False,
        ends: bool = False,
    ) -> bool:
        """Change a job if it is held here; all that are where none is named."""
        with self._transaction() as connection:
            now_s = _now_s(connection)
            held = {"holder": self._me, "held_until_s": now_s + self._lease_s}
            lease = held if lasting else {"holder": None, "held_until_s": None}
            mine = sa.and_(_job.c.holder == self._me, _job.c.state == JobState.RUNNING)
            if job is not None:
                mine = sa.and_(mine, _job.c.id == job)
            changed = {**values, **lease, **({"finished_s": now_s} if ends else {})}
            return connection.execute(sa.update(_job).where(mine).values(changed)).rowcount > 0

    def cancel(self, job: str, owner: str) -> JobRecord | None:
        """End an owner's job if it is open. Its replica notices when it renews the lease."""
        mine = sa.and_(_job.c.id == job, _job.c.owner == owner, _job.c.state.in_(OPEN))
        with self._transaction() as connection:
            ended = {"state": JobState.CANCELLED, "finished_s": _now_s(connection)}
            free = {"holder": None, "held_until_s": None}
            connection.execute(sa.update(_job).where(mine).values({**ended, **free}))
        return self.get(job, owner)

    def expired(self, age_s: float) -> Sequence[str]:
        """The jobs that ended longer ago than that."""
        with self._transaction() as connection:
            old = _job.c.finished_s < _now_s(connection) - age_s
            return connection.execute(sa.select(_job.c.id).where(old)).scalars().all()

    def all(self) -> frozenset[str]:
        """All jobs there are."""
        with self._transaction() as connection:
            return frozenset(connection.execute(sa.select(_job.c.id)).scalars())

    def forget(self, job: str) -> None:
        """Drop a job's record."""
        with self._transaction() as connection:
            connection.execute(sa.delete(_job).where(_job.c.id == job))


def _patient(connection: Any, _: object) -> None:
    """SQLite: readers and the writer side by side, and writers that wait their turn."""
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA journal_mode = WAL")


def _now_s(connection: Connection) -> float:
    is_sqlite = connection.dialect.name == "sqlite"
    clock = (
        "(julianday('now') - 2440587.5) * 86400.0"
        if is_sqlite
        else "extract(epoch from clock_timestamp())"
    )
    return float(connection.execute(sa.text(f"SELECT {clock}")).scalar_one())


def _record(row: RowMapping) -> JobRecord:
    values = {name: row[name] for name in JobRecord.__slots__}
    return JobRecord(**{**values, "state": JobState(row["state"])})
