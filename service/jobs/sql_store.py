"""The queue of jobs in a database. Times are those of the database, which all replicas share."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from service.database.database import METADATA, Database, now_s
from service.jobs.store import JobRecord, JobState

OPEN = (JobState.QUEUED, JobState.RUNNING)

_job = sa.Table(
    "nutgraf_job",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("file", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200)),
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


class SqlJobStore:
    """A JobStore over a database."""

    def __init__(self, database: Database, lease_s: float) -> None:
        self._database = database
        self._lease_s = lease_s
        self._me = uuid.uuid4().hex

    def give_back_all(self) -> None:
        self._change_held(_FREED)

    def add(
        self, job: str, owner: str, file: str, name: str, asked: Mapping[str, Any]
    ) -> JobRecord:
        with self._database.transaction() as connection:
            values: dict[str, Any] = {"id": job, "owner": owner, "state": JobState.QUEUED}
            values |= {"file": file, "name": name, "asked": dict(asked), "progress": {}}
            values["created_s"] = now_s(connection)
            found = connection.execute(sa.insert(_job).values(values).returning(_job))
            return _record(found.mappings().one())

    def get(self, job: str, owner: str) -> JobRecord | None:
        mine = sa.and_(_job.c.id == job, _job.c.owner == owner)
        with self._database.transaction() as connection:
            row = connection.execute(sa.select(_job).where(mine)).mappings().first()
        return _record(row) if row else None

    def page(self, owner: str, limit: int, after: str | None = None) -> list[JobRecord]:
        key = sa.tuple_(_job.c.created_s, _job.c.id)
        query = sa.select(_job).where(_job.c.owner == owner)
        if after is not None:
            last = sa.select(_job.c.created_s, _job.c.id).where(_job.c.id == after)
            query = query.where(key < last.scalar_subquery())
        query = query.order_by(_job.c.created_s.desc(), _job.c.id.desc()).limit(limit)
        with self._database.transaction() as connection:
            return [_record(row) for row in connection.execute(query).mappings()]

    def lease(self) -> JobRecord | None:
        with self._database.transaction() as connection:
            now = now_s(connection)
            free = sa.or_(_job.c.held_until_s.is_(None), _job.c.held_until_s < now)
            oldest = (
                sa.select(_job.c.id)
                .where(_job.c.state.in_(OPEN), free)
                .order_by(_job.c.created_s)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            values: dict[str, Any] = {"state": JobState.RUNNING, "holder": self._me}
            values |= {"held_until_s": now + self._lease_s, "attempts": _job.c.attempts + 1}
            taken = (
                sa.update(_job)
                .where(_job.c.id == oldest.scalar_subquery(), free)
                .values(values)
                .returning(_job)
            )
            row = connection.execute(taken).mappings().first()
        return _record(row) if row else None

    def renew(self, job: str, progress: Mapping[str, Any], *, moved: bool) -> bool:
        values: dict[str, Any] = {"progress": dict(progress)}
        if moved:
            values["attempts"] = 0
        return self._change_held(values, job, lasting=True)

    def give_back(self, job: str) -> None:
        self._change_held(_FREED, job)

    def finish(
        self, job: str, state: JobState, progress: Mapping[str, Any], error: str | None = None
    ) -> None:
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
        """Change a job if this replica holds it; all that it holds where none is named."""
        with self._database.transaction() as connection:
            now = now_s(connection)
            held = {"holder": self._me, "held_until_s": now + self._lease_s}
            lease = held if lasting else {"holder": None, "held_until_s": None}
            mine = sa.and_(_job.c.holder == self._me, _job.c.state == JobState.RUNNING)
            if job is not None:
                mine = sa.and_(mine, _job.c.id == job)
            changed = {**values, **lease, **({"finished_s": now} if ends else {})}
            return connection.execute(sa.update(_job).where(mine).values(changed)).rowcount > 0

    def cancel(self, job: str, owner: str) -> JobRecord | None:
        mine = sa.and_(_job.c.id == job, _job.c.owner == owner, _job.c.state.in_(OPEN))
        with self._database.transaction() as connection:
            ended = {"state": JobState.CANCELLED, "finished_s": now_s(connection)}
            free = {"holder": None, "held_until_s": None}
            connection.execute(sa.update(_job).where(mine).values({**ended, **free}))
        return self.get(job, owner)

    def expired(self, age_s: float) -> Sequence[str]:
        with self._database.transaction() as connection:
            old = _job.c.finished_s < now_s(connection) - age_s
            return connection.execute(sa.select(_job.c.id).where(old)).scalars().all()

    def all(self) -> frozenset[str]:
        with self._database.transaction() as connection:
            return frozenset(connection.execute(sa.select(_job.c.id)).scalars())

    def forget(self, job: str) -> None:
        with self._database.transaction() as connection:
            connection.execute(sa.delete(_job).where(_job.c.id == job))


def _record(row: RowMapping) -> JobRecord:
    values = {column: row[column] for column in JobRecord.__slots__}
    values |= {"state": JobState(row["state"]), "name": row["name"] or row["file"]}
    return JobRecord(**values)
