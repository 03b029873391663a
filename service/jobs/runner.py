"""The jobs of one replica: it leases one after another, runs it, and keeps the lease meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from service.archive.errors import ArchiveError, RunBusy, StorageFailed
from service.database.outage import Outage
from service.database.threads import in_thread
from service.errors import ModelFailed
from service.inference.scheduler import Scheduler
from service.jobs import run
from service.jobs.bulk_lane import BulkLane, Interrupted
from service.jobs.files import JobFiles, sweep
from service.jobs.run import JobProgress
from service.jobs.store import JobRecord, JobState, JobStore
from service.settings import Settings

IDLE_S = 1.0
SWEEP_S = 60.0
SCORING, SWEEPING = "scoring", "sweeping"
RENEWALS = 6  # in the time of a lease
MAX_ATTEMPTS = 5
"""How often a job may be taken up without finishing a shard, before it is given up."""

logger = logging.getLogger("nutgraf.jobs")


class JobRunner:
    """Runs jobs one by one, in `run`, until that is cancelled. Used in one event loop."""

    def __init__(
        self, files: JobFiles, store: JobStore, scheduler: Scheduler, settings: Settings
    ) -> None:
        self.files = files
        self.store = store
        self.retention_s = settings.job_retention_s
        self._scheduler = scheduler
        self._lease_s = settings.job_lease_s
        self._budget_tokens = settings.max_batch_tokens
        self._added = asyncio.Event()
        self._unreachable = Outage(
            logger, "the jobs cannot be reached", "the jobs can be reached again"
        )
        self._stopped = Outage(logger, "a job stopped; it is tried again", "jobs go on")
        self._checking = asyncio.Lock()

    async def check(self, look: Callable[[], None]) -> None:
        """Look into an archive that was sent, in a thread, one at a time. Raises what that does."""
        async with self._checking:
            await in_thread(look)

    def wake(self) -> None:
        """There is a new job."""
        self._added.set()

    async def run(self) -> None:
        """Run jobs, and delete expired ones. No error of a job or of the database ends this."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(SCORING, self._run_next))
            tasks.create_task(self._repeat(SWEEPING, self._sweep))

    async def _repeat(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception as error:
                self._unreachable.failed(name, error)
                await asyncio.sleep(IDLE_S)

    async def _run_next(self) -> None:
        self._added.clear()
        record = await in_thread(self.store.lease)
        if record is not None:
            await self._run(record)
            self._unreachable.worked(SCORING)
            return
        self._unreachable.worked(SCORING)
        self._stopped.worked(SCORING)
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):  # Python 3.11's wait_for may swallow a cancellation
                await self._added.wait()

    async def _sweep(self) -> None:
        await in_thread(partial(sweep, self.files, self.store, self.retention_s))
        self._unreachable.worked(SWEEPING)
        await asyncio.sleep(min(SWEEP_S, self.retention_s))

    async def _run(self, record: JobRecord) -> None:
        if record.attempts > MAX_ATTEMPTS:
            error = f"given up after {MAX_ATTEMPTS} attempts"
            await self._end(record, JobState.FAILED, record.progress, error)
            return
        progress, lane = JobProgress(), BulkLane(self._scheduler)
        score = partial(run.score, record, self.files, lane, progress, self._budget_tokens)
        work = asyncio.create_task(asyncio.to_thread(score))
        try:
            await self._hold(record, work, progress, lane)
        finally:  # the service stops, or the database is gone, and the thread still works
            lane.stop()
            await asyncio.gather(work, return_exceptions=True)

    async def _hold(
        self, record: JobRecord, work: asyncio.Task[None], progress: JobProgress, lane: BulkLane
    ) -> None:
        """Keep the lease while the work goes on, and record how it ended."""
        while not (await asyncio.wait([work], timeout=self._lease_s / RENEWALS))[0]:
            if not await self._renew(record, progress):
                lane.stop()
            self._unreachable.worked(SCORING)
        try:
            work.result()
        except (Interrupted, RunBusy, StorageFailed) as error:
            self._stopped.failed(SCORING, error, job=record.id)
            await self._renew(record, progress)
            await asyncio.sleep(IDLE_S)
            await in_thread(partial(self.store.give_back, record.id))
            return
        except (ArchiveError, ModelFailed) as error:
            reason = str(error).replace(f"{self.files.directory(record.id)}/", "")
            await self._end(record, JobState.FAILED, progress.counts, reason)
        except Exception:
            logger.exception("a job failed", extra={"job": record.id})
            await self._end(record, JobState.FAILED, progress.counts, "the service failed on it")
        else:
            await self._end(record, JobState.DONE, progress.counts)
        self._stopped.worked(SCORING)

    async def _renew(self, record: JobRecord, progress: JobProgress) -> bool:
        renew = partial(self.store.renew, record.id, progress.counts, moved=progress.moved)
        return await in_thread(renew)

    async def _end(
        self,
        record: JobRecord,
        state: JobState,
        counts: Mapping[str, Any],
        error: str | None = None,
    ) -> None:
        await in_thread(partial(self.store.finish, record.id, state, counts, error))
        logger.info("a job ended", extra={"job": record.id, "state": str(state)})
