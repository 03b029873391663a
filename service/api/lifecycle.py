"""The service from its first forward pass to its last answer: start, reload, drain, stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from types import FrameType

from models.errors import NutgrafError
from service.api.following import Follower
from service.api.parsing import Parser
from service.api.stream import MAX_CALLS, Documents
from service.current import is_registry
from service.database.database import open_database
from service.errors import DatabaseUnreachable, ModelUnavailable, ReloadRunning
from service.feedback.keeper import Feedback
from service.feedback.sql_store import SqlFeedbackStore
from service.inference.bisection import prove
from service.inference.capacity import CapacityLimiter
from service.inference.metrics import Metrics
from service.inference.model import Model
from service.inference.scheduler import Scheduler, State
from service.jobs.files import JobFiles
from service.jobs.runner import JobRunner
from service.jobs.sql_store import SqlJobStore
from service.settings import Settings

# After SIGTERM the port stays open so long, for requests that are already on the wire.
LAST_CALL_S = 0.2
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger("nutgraf.lifecycle")


class Service:
    """The model, its scheduler and its metrics, as the routes use them.

    Opens the jobs, loads the model and has it answer at once, so that an error in them is known
    before the port opens: raises ArtifactError, ModelFailed or DatabaseUnreachable. `model_failed`
    says that the model cannot work in this process any more.
    """

    def __init__(self, settings: Settings, load: Callable[[Settings], Model]) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.model_failed = False
        self._load = load
        self._draining = False
        self._reloading = asyncio.Lock()
        self.bulk_calls = CapacityLimiter(MAX_CALLS)
        self.parser = Parser()
        data = settings.data
        self.database = None if data is None else open_database(data, settings)
        model = load(settings)
        prove(model)
        self.scheduler = Scheduler(model, settings, self.metrics, self._give_up)
        self.scheduler.preparing.prove()
        self.jobs: JobRunner | None = None
        self.feedback: Feedback | None = None
        if data is not None and self.database is not None:
            store = SqlJobStore(self.database, settings.job_lease_s)
            self.jobs = JobRunner(JobFiles(data), store, self.scheduler, settings)
            kept = SqlFeedbackStore(self.database, settings.retention_s)
            self.feedback = Feedback(kept, keeps_texts=settings.keep_texts)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Warm up, answer, stop. Takes the signals where it runs in the main thread."""
        await self.scheduler.start()
        gc.collect()
        gc.freeze()  # else every full collection visits all that was loaded, for 0.2 s
        if threading.current_thread() is threading.main_thread():
            self._take_signals()
        info = self.scheduler.model.info
        logger.info(
            "ready",
            extra={"model": info.name, "digest": info.digest, "settings": self.settings.public()},
        )
        try:
            async with self._following(), self._tasks_running():
                yield
        finally:
            await self.scheduler.stop()
            self.parser.close()
            if self.database is not None:
                self.database.close()

    @asynccontextmanager
    async def _following(self) -> AsyncIterator[None]:
        """Follow the registry meanwhile, where the model is that of one."""
        if not is_registry(self.settings.model):
            yield
            return
        follower = Follower(
            self.settings.model, lambda: self.scheduler.model.info.digest, self.reload
        )
        running = asyncio.create_task(follower.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.wait([running])

    @asynccontextmanager
    async def _tasks_running(self) -> AsyncIterator[None]:
        """Run jobs and keep answers meanwhile, where there is a place for them."""
        if self.jobs is None or self.feedback is None:
            yield
            return
        running = [asyncio.create_task(each.run()) for each in (self.jobs, self.feedback)]
        try:
            yield
        finally:
            await self.feedback.settle_at_end()
            for each in running:
                each.cancel()
            await asyncio.wait(running)
            with suppress(DatabaseUnreachable):  # they are free again when their leases run out
                self.jobs.store.give_back_all()

    async def until_draining(self, documents: Documents) -> Documents:
        """A stream of documents that ends, with ModelUnavailable, when the service drains."""
        async for document in documents:
            if self.scheduler.state is State.DRAINING:
                raise ModelUnavailable("The service is being stopped; send the rest again.", 5)
            yield document

    async def reload(self) -> Model:
        """Load the configured artifact again and switch to it; no request waits for that.

        Raises ReloadRunning while another reload runs, ArtifactError, and whatever a first forward
        pass raises: then the old model goes on.
        """
        if self._reloading.locked():
            raise ReloadRunning("A reload is running; wait for its end.")
        async with self._reloading:
            model = await asyncio.to_thread(self._load, self.settings)
            await asyncio.to_thread(model.warm_up)
            await self.scheduler.swap(model)
        logger.info("reloaded", extra={"model": model.info.name, "digest": model.info.digest})
        return model

    def _take_signals(self) -> None:
        self._loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            stop_server = signal.getsignal(number)
            if callable(stop_server):
                signal.signal(number, self._drain_before(stop_server))
        self._loop.add_signal_handler(signal.SIGHUP, self._reload_soon)

    def _drain_before(
        self, stop_server: Callable[[int, FrameType | None], object]
    ) -> Callable[[int, FrameType | None], None]:
        """A handler that drains and then lets the server stop; at once the second time."""

        def handler(number: int, frame: FrameType | None) -> None:
            if self._draining:
                stop_server(number, frame)
            else:
                self._draining = True
                self._loop.call_soon_threadsafe(self._drain, lambda: stop_server(number, frame))

        return handler

    def _drain(self, stop_server: Callable[[], object]) -> None:
        logger.info("draining", extra={"timeout_s": self.settings.drain_timeout_s})
        self.scheduler.drain()
        self._loop.call_later(LAST_CALL_S, stop_server)
        self._loop.call_later(LAST_CALL_S + self.settings.drain_timeout_s, self.scheduler.abandon)

    def _reload_soon(self) -> None:
        self._reload_task = self._loop.create_task(self._reload_and_log())

    async def _reload_and_log(self) -> None:
        try:
            await self.reload()
        except NutgrafError as error:
            logger.error("reload refused; the old model goes on", extra={"reason": str(error)})
        except Exception:
            logger.exception("reload failed; the old model goes on")

    def _give_up(self) -> None:
        """End this process; whoever started it starts another (see `server.serve`)."""
        self.model_failed = True
        os.kill(os.getpid(), signal.SIGTERM)
