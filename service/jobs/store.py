"""The queue of jobs: what is kept of a job, and what the service asks of the place that keeps it.

A replica leases the oldest job that is free, and renews the lease as long as it works on the job.
After a lease has run out the job is free again. So the job of a dead replica is taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as it is stored. Times are in seconds since 1970.

    `file` is the archive in the directory of the job, `name` is what the client calls it.
    """

    id: str
    owner: str
    state: JobState
    file: str
    name: str
    asked: Mapping[str, Any]
    progress: Mapping[str, Any]
    error: str | None
    attempts: int
    created_s: float
    finished_s: float | None


class JobStore(Protocol):
    """The jobs, as one replica sees them. The methods block, are safe in any thread, and raise
    DatabaseUnreachable."""

    def add(
        self, job: str, owner: str, file: str, name: str, asked: Mapping[str, Any]
    ) -> JobRecord:
        """Queue a job."""

    def get(self, job: str, owner: str) -> JobRecord | None:
        """An owner's job. None where there is none, or it is another owner's."""

    def page(self, owner: str, limit: int, after: str | None = None) -> list[JobRecord]:
        """An owner's jobs, the newest first, beginning behind the job `after`."""

    def cancel(self, job: str, owner: str) -> JobRecord | None:
        """End an owner's job if it is open. Its replica notices when it renews the lease."""

    def lease(self) -> JobRecord | None:
        """Take the oldest job that is free. None where there is none."""

    def renew(self, job: str, progress: Mapping[str, Any], *, moved: bool) -> bool:
        """Keep a job for another lease. False where it was cancelled or taken over.

        A job that has `moved` has no failed attempts any more.
        """

    def give_back(self, job: str) -> None:
        """Make a job free at once, without counting the attempt."""

    def finish(
        self, job: str, state: JobState, progress: Mapping[str, Any], error: str | None = None
    ) -> None:
        """End a job, unless it was cancelled or taken over."""

    def expired(self, age_s: float) -> Sequence[str]:
        """The jobs that ended longer ago than that."""

    def all(self) -> frozenset[str]:
        """All jobs there are."""

    def forget(self, job: str) -> None:
        """Delete the record of a job."""

    def give_back_all(self) -> None:
        """Make all jobs free that this replica holds."""
