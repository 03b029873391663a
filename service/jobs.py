"""Archives that were sent over HTTP, scored by whichever replica has leased them.

    DATA/jobs/ID/input.jsonl      what was sent
    DATA/jobs/ID/out/             the run over it, as `nutgraf score` leaves it
    DATA/jobs/ID/results.jsonl    its scores in one file, once it is done

A job is a run of `archive.score` in a thread, its articles in the scheduler's bulk lane. What a
killed replica has finished is on disk: whoever takes the job over goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import nullcontext, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError

from models.analysis import Analysis
from models.article import Article, Options, Style, Task
from models.errors import NutgrafError
from service import archive, durable
from service.batching import Lane
from service.errors import ModelUnavailable
from service.progress import Tally
from service.records import Format, answer_of
from service.request import SCORES, Request
from service.rows import Columns
from service.scheduler import Scheduler
from service.settings import Settings
from service.shards import Failure, Outcome, Scored
from service.stops import RunBusy, RunChanged, Stop, StorageFailed
from service.store import MAX_ATTEMPTS, JobRecord, JobState, JobStore

IDLE_S = 1.0
RENEWALS = 6  # in the time of a lease
JOBS, RESULTS, OUTPUT, DATABASE = "jobs", "results.jsonl", "out", "jobs.db"

logger = logging.getLogger("nutgraf.jobs")


class Interrupted(NutgrafError):
    """The run cannot go on here; whoever takes the job up next goes on with it."""


class BulkScorer:
    """Scores with the service's own model, in the bulk lane; called in a thread of its own."""

    def __init__(
        self, scheduler: Scheduler, loop: asyncio.AbstractEventLoop, digest: str, *, full: bool
    ) -> None:
        self._scheduler = scheduler
        self._loop = loop
        self._digest = digest
        self._full = full
        self._waiting: deque[list[Future[Outcome]]] = deque()
        self._stopped = False

    def __call__(self, shards: Iterable[Sequence[Article]]) -> Iterator[Scored]:
        try:
            for shard in shards:
                self._waiting.append([self._submit(article) for article in shard])
                if len(self._waiting) > 1:
                    yield self._scored(self._waiting[0])
                    self._waiting.popleft()
            while self._waiting:
                yield self._scored(self._waiting[0])
                self._waiting.popleft()
        finally:
            self._cancel()
            self._waiting.clear()

    def stop(self) -> None:
        """Give up; may be called in any thread."""
        self._stopped = True
        self._cancel()

    def _cancel(self) -> None:
        for shard in self._waiting.copy():
            for future in shard:
                future.cancel()

    def _submit(self, article: Article) -> Future[Outcome]:
        if self._stopped:
            raise Interrupted("the job is stopped")
        return asyncio.run_coroutine_threadsafe(self._outcome(article), self._loop)

    async def _outcome(self, article: Article) -> Outcome:
        try:
            answer = await self._scheduler.submit(article, Lane.BULK)
        except ModelUnavailable as error:
            raise Interrupted(str(error)) from error
        except NutgrafError as error:
            return Failure(str(error))
        if answer.model.digest != self._digest:
            raise Interrupted("the model was changed")
        parts = {part.name: getattr(answer, part.name) for part in fields(Analysis)}
        return answer_of(Analysis(**parts), full=self._full)

    def _scored(self, futures: Sequence[Future[Outcome]]) -> Scored:
        try:
            outcomes = [future.result() for future in futures]
        except CancelledError:
            raise Interrupted("the job is stopped") from None
        answers = [outcome for outcome in outcomes if not isinstance(outcome, Failure)]
        return Scored(outcomes, tokens=sum(answer["tokens"] for answer in answers))


class Watch:
    """What a run says of its progress, for the lease that is renewed beside it."""

    def __init__(self) -> None:
        self.progress: Mapping[str, Any] = {}
        self.moved = False

    def stage(self, name: str) -> None: ...

    def show(self, tally: Tally) -> None:
        self.progress = tally.to_json()
        self.moved = self.moved or tally.scored > 0


class Jobs:
    """The jobs of this replica: `run` takes them up one by one until it is cancelled."""

    def __init__(
        self, data: Path, store: JobStore, scheduler: Scheduler, lease_s: float, retention_s: float
    ) -> None:
        self.store = store
        self.retention_s = retention_s
        self._data = data
        self._scheduler = scheduler
        self._lease_s = lease_s
        self._added = asyncio.Event()

    @classmethod
    def open(cls, data: Path, settings: Settings, scheduler: Scheduler) -> Self:
        """The jobs of a directory. Raises SQLAlchemyError or OSError."""
        (data / JOBS).mkdir(parents=True, exist_ok=True)
        url = settings.database_url or f"sqlite:///{data / DATABASE}"
        store = JobStore(url, settings.job_lease_s)
        return cls(data, store, scheduler, settings.job_lease_s, settings.job_retention_s)

    def directory(self, job: str) -> Path:
        """Where the files of a job are."""
        return self._data / JOBS / job

    def results(self, job: str) -> Path:
        """The scores of a job that is done."""
        return self.directory(job) / RESULTS

    def wake(self) -> None:
        """There is a new job."""
        self._added.set()

    async def run(self) -> None:
        """Take up jobs, and drop expired ones. Goes on whatever a job, or the database, does."""
        while True:
            try:
                await asyncio.to_thread(self._sweep)
                record = await asyncio.to_thread(self.store.lease)
                if record is not None:
                    await self._run(record)
                    continue
            except (SQLAlchemyError, OSError):
                logger.exception("the jobs cannot be reached")
            self._added.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._added.wait(), IDLE_S)

    async def _run(self, record: JobRecord) -> None:
        if record.attempts > MAX_ATTEMPTS:
            error = f"given up after {MAX_ATTEMPTS} attempts"
            await self._end(record, JobState.FAILED, record.progress, error)
            return
        watch, digest = Watch(), self._scheduler.model.info.digest
        request = self._request(record)
        loop = asyncio.get_running_loop()
        scorer = BulkScorer(self._scheduler, loop, digest, full=request.full)
        work = asyncio.create_task(
            asyncio.to_thread(self._score, request, digest, scorer, watch, record.id)
        )
        try:
            await self._hold(record, work, watch, scorer)
        except BaseException:  # the service stops, or the database is gone: let the thread end
            scorer.stop()
            await asyncio.gather(work, return_exceptions=True)
            await asyncio.to_thread(self.store.give_back, record.id)
            raise

    async def _hold(
        self, record: JobRecord, work: asyncio.Task[None], watch: Watch, scorer: BulkScorer
    ) -> None:
        """Keep the lease while the work goes on, and say how it ended."""
        while not (await asyncio.wait([work], timeout=self._lease_s / RENEWALS))[0]:
            renew = partial(self.store.renew, record.id, watch.progress, moved=watch.moved)
            if not await asyncio.to_thread(renew):
                scorer.stop()
        try:
            work.result()
        except (Interrupted, RunBusy, StorageFailed) as error:
            logger.warning("a job stopped", extra={"job": record.id, "reason": str(error)})
            await asyncio.to_thread(self.store.renew, record.id, watch.progress, moved=watch.moved)
            await asyncio.sleep(IDLE_S)
            await asyncio.to_thread(self.store.give_back, record.id)
        except Stop as error:
            await self._end(record, JobState.FAILED, watch.progress, str(error))
        except Exception:
            logger.exception("a job failed", extra={"job": record.id})
            await self._end(record, JobState.FAILED, watch.progress, "the service failed on it")
        else:
            await self._end(record, JobState.DONE, watch.progress)

    async def _end(
        self,
        record: JobRecord,
        state: JobState,
        progress: Mapping[str, Any],
        error: str | None = None,
    ) -> None:
        await asyncio.to_thread(self.store.finish, record.id, state, progress, error)
        logger.info("a job ended", extra={"job": record.id, "state": str(state)})

    def _score(
        self, request: Request, digest: str, scorer: BulkScorer, watch: Watch, job: str
    ) -> None:
        score = partial(archive.score, request, digest, lambda: nullcontext(scorer), watch)
        try:
            score()
        except RunChanged:  # another model has taken over: no job is scored by two
            score(restart=True)
        fresh = self.results(job).with_suffix(".tmp")
        with fresh.open("wb") as whole:
            for part in sorted((request.output / SCORES).glob("part-*")):
                with part.open("rb") as scores:
                    shutil.copyfileobj(scores, whole)
        durable.settle(fresh, self.results(job))

    def _request(self, record: JobRecord) -> Request:
        directory = self.directory(record.id)
        asked = record.asked
        return Request(
            inputs=(str(directory / record.file),),
            output=directory / OUTPUT,
            columns=Columns(**asked["columns"]),
            options=Options(
                tasks=frozenset(Task(task) for task in asked["tasks"]),
                style=Style(asked["style"]),
                max_words=asked["max_words"],
            ),
            target=asked["target"],
            format=Format.JSONL,
            full=asked["full"],
            bare_names=True,
        )

    def _sweep(self) -> None:
        for job in self.store.expired(self.retention_s):
            shutil.rmtree(self.directory(job), ignore_errors=True)
            self.store.forget(job)
