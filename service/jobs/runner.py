"""Archives that were sent over HTTP, scored by whichever replica has leased them.

    DATA/jobs/ID/input.jsonl      what was sent
    DATA/jobs/ID/out/             the run over it, as `nutgraf score` leaves it
    DATA/jobs/ID/results.jsonl    its scores in one file, once it is done
    DATA/jobs/ID/.in-use          locked while the job is received or runs: it is not swept then

A job is a run of `scoring.score` in a thread: the shards, windows and batches of `nutgraf score`,
each batch read as it is in the scheduler's bulk lane, and so its very numbers. What a killed
replica has finished is on disk: whoever takes the job over goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from service.archive import scoring
from service.archive.errors import ArchiveError, RunBusy, RunChanged, StorageFailed
from service.archive.join import gather
from service.archive.progress import Tally
from service.archive.rows import Columns
from service.archive.run_config import RunConfig
from service.archive.scorer import LocalScorer
from service.archive.writers import Format
from service.errors import JobsUnreachable, ModelFailed
from service.inference.scheduler import Scheduler
from service.jobs.bulk_lane import BulkLane, Interrupted
from service.jobs.in_use import in_use, unused
from service.jobs.outage import Outage
from service.jobs.store import MAX_ATTEMPTS, JobRecord, JobState, JobStore
from service.options import of_json
from service.settings import Settings

if TYPE_CHECKING:  # importing the engine takes seconds
    from models.engine import ModelInfo

IDLE_S = 1.0
SWEEP_S = 60.0
SCORING, SWEEPING = "scoring", "sweeping"
RENEWALS = 6  # in the time of a lease
JOBS, RESULTS, OUTPUT, DATABASE = "jobs", "results", "out", "jobs.db"

T = TypeVar("T")

logger = logging.getLogger("nutgraf.jobs")


class Watch:
    """What a run says of its progress, for the lease that is renewed beside it."""

    def __init__(self) -> None:
        self.progress: Mapping[str, Any] = {}
        self.moved = False

    def stage(self, name: str) -> None: ...

    def show(self, tally: Tally) -> None:
        self.progress = tally.to_json()
        self.moved = self.moved or tally.scored > 0


def open_store(data: Path, settings: Settings) -> JobStore:
    """The place of the jobs. Raises JobsUnreachable, whose message shows no URL."""
    url = settings.database_url or f"sqlite:///{data / DATABASE}"
    try:
        (data / JOBS).mkdir(parents=True, exist_ok=True)
        return JobStore(url, settings.job_lease_s)
    except ImportError as error:
        raise JobsUnreachable(
            "NUTGRAF_DATABASE_URL: its driver is missing; for PostgreSQL install "
            "nutgraf[postgres] and begin the URL with postgresql+psycopg://"
        ) from error
    except (OSError, SQLAlchemyError, JobsUnreachable) as error:
        cause = type(error.__cause__ or error).__name__
        raise JobsUnreachable(
            f"there is no place for jobs ({cause}); see NUTGRAF_DATA and NUTGRAF_DATABASE_URL"
        ) from error


class Jobs:
    """The jobs of this replica: `run` takes them up one by one until it is cancelled."""

    def __init__(
        self, data: Path, store: JobStore, scheduler: Scheduler, settings: Settings
    ) -> None:
        self.store = store
        self.retention_s = settings.job_retention_s
        self._data = data
        self._scheduler = scheduler
        self._lease_s = settings.job_lease_s
        self._budget_tokens = settings.max_batch_tokens
        self._added = asyncio.Event()
        self._unreachable = Outage(
            logger, "the jobs cannot be reached", "the jobs can be reached again"
        )
        self._stopped = Outage(logger, "a job stopped; it is tried again", "jobs go on")
        self._checking = asyncio.Lock()

    def directory(self, job: str) -> Path:
        """Where the files of a job are."""
        return self._data / JOBS / job

    def results(self, record: JobRecord) -> Path:
        """The scores of a job that is done."""
        return self.directory(record.id) / f"{RESULTS}.{record.asked['format']}"

    async def check(self, look: Callable[[], None]) -> None:
        """Look into an archive that was sent, in a thread, one at a time. Raises what that does."""
        async with self._checking:
            await _to_its_end(look)

    def wake(self) -> None:
        """There is a new job."""
        self._added.set()

    async def run(self) -> None:
        """Take up jobs, and drop expired ones. Goes on whatever a job, or the database, does."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._on_and_on(SCORING, self._take_up))
            tasks.create_task(self._on_and_on(SWEEPING, self._drop_expired))

    async def _on_and_on(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception as error:
                self._unreachable.failed(name, error)
                await asyncio.sleep(IDLE_S)

    async def _take_up(self) -> None:
        self._added.clear()
        record = await _to_its_end(self.store.lease)
        if record is not None:
            await self._run(record)
            self._unreachable.worked(SCORING)
            return
        self._unreachable.worked(SCORING)
        self._stopped.worked(SCORING)
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):  # Python 3.11's wait_for may swallow a cancellation
                await self._added.wait()

    async def _drop_expired(self) -> None:
        await _to_its_end(self._sweep)
        self._unreachable.worked(SWEEPING)
        await asyncio.sleep(min(SWEEP_S, self.retention_s))

    async def _run(self, record: JobRecord) -> None:
        if record.attempts > MAX_ATTEMPTS:
            error = f"given up after {MAX_ATTEMPTS} attempts"
            await self._end(record, JobState.FAILED, record.progress, error)
            return
        watch, lane = Watch(), BulkLane(self._scheduler)
        work = asyncio.create_task(asyncio.to_thread(self._score, record, lane, watch))
        try:
            await self._hold(record, work, watch, lane)
        finally:  # where the service stops, or the database is gone, the thread still works
            lane.stop()
            await asyncio.gather(work, return_exceptions=True)

    async def _hold(
        self, record: JobRecord, work: asyncio.Task[None], watch: Watch, lane: BulkLane
    ) -> None:
        """Keep the lease while the work goes on, and say how it ended."""
        while not (await asyncio.wait([work], timeout=self._lease_s / RENEWALS))[0]:
            renew = partial(self.store.renew, record.id, watch.progress, moved=watch.moved)
            if not await _to_its_end(renew):
                lane.stop()
            self._unreachable.worked(SCORING)
        try:
            work.result()
        except (Interrupted, RunBusy, StorageFailed) as error:
            self._stopped.failed(SCORING, error, job=record.id)
            renew = partial(self.store.renew, record.id, watch.progress, moved=watch.moved)
            await _to_its_end(renew)
            await asyncio.sleep(IDLE_S)
            await _to_its_end(partial(self.store.give_back, record.id))
            return
        except (ArchiveError, ModelFailed) as error:
            reason = str(error).replace(f"{self.directory(record.id)}/", "")
            await self._end(record, JobState.FAILED, watch.progress, reason)
        except Exception:
            logger.exception("a job failed", extra={"job": record.id})
            await self._end(record, JobState.FAILED, watch.progress, "the service failed on it")
        else:
            await self._end(record, JobState.DONE, watch.progress)
        self._stopped.worked(SCORING)

    async def _end(
        self,
        record: JobRecord,
        state: JobState,
        progress: Mapping[str, Any],
        error: str | None = None,
    ) -> None:
        await _to_its_end(partial(self.store.finish, record.id, state, progress, error))
        logger.info("a job ended", extra={"job": record.id, "state": str(state)})

    def _score(self, record: JobRecord, lane: BulkLane, watch: Watch) -> None:
        model = lane.model
        request = self._request(record, model.info)
        scorer = LocalScorer(
            model,
            self._budget_tokens,
            full=request.full,
            prepare=lane.prepare,
            begin=lane.begin,
        )
        digest = model.info.digest
        score = partial(
            scoring.score,
            request,
            digest,
            lambda: nullcontext(scorer),
            watch,
            check=lane.check,
        )
        try:
            with in_use(self.directory(record.id)):
                try:
                    score()
                except RunChanged:  # another model has taken over: no job is scored by two
                    score(restart=True)
                gather(request, self.results(record), lane.check)
        finally:
            lane.stop()

    def _request(self, record: JobRecord, model: ModelInfo) -> RunConfig:
        directory = self.directory(record.id)
        asked = record.asked
        return RunConfig(
            inputs=(str(directory / record.file),),
            output=directory / OUTPUT,
            columns=Columns(**asked["columns"]),
            options=of_json(asked),
            target=asked["target"],
            format=Format(asked["format"]),
            full=asked["full"],
            bare_names=True,
            engine={
                "device": model.device.partition(":")[0],
                "dtype": model.dtype,
                "batch_tokens": self._budget_tokens,
            },
        )

    def _sweep(self) -> None:
        for job in self.store.expired(self.retention_s):
            with unused(self.directory(job)) as is_unused:
                if is_unused:
                    shutil.rmtree(self.directory(job), ignore_errors=True)
                    self.store.forget(job)
        known = self.store.all()
        for directory in (self._data / JOBS).iterdir():
            if directory.name not in known:
                self._sweep_upload(directory)

    def _sweep_upload(self, directory: Path) -> None:
        """Drop what a crash has left of an upload, once it is old."""
        with suppress(FileNotFoundError), unused(directory) as is_unused:
            age_s = time.time() - directory.stat().st_mtime
            if is_unused and age_s > self.retention_s and directory.name not in self.store.all():
                shutil.rmtree(directory, ignore_errors=True)


async def _to_its_end(call: Callable[[], T]) -> T:
    """What a call in a thread returns. Cancelled, it ends first: it may hold a connection."""
    calling = asyncio.create_task(asyncio.to_thread(call))
    try:
        return await asyncio.shield(calling)
    except asyncio.CancelledError:
        await asyncio.wait([calling])
        raise
