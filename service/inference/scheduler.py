"""Every article between its request and its answer: admission, preparing, waiting, the model.

All state here belongs to the event loop; the model's threads call back into it. The future of every
entry is always resolved: by its outcome, by the death of the thread, or when the service stops.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from enum import StrEnum
from itertools import count

from models.analysis import Analysis
from models.article import Article
from models.errors import NutgrafError
from service.errors import DeadlinePassed, ModelUnavailable, slug_of
from service.inference.admission import Admission
from service.inference.answer import Answer, ModelId, Timing
from service.inference.batching import Lane
from service.inference.bisection import ModelLost, Work
from service.inference.metrics import Metrics
from service.inference.model import Model, Prepared
from service.inference.model_thread import ModelThread
from service.inference.preparation import PreparingPool
from service.inference.queue import Outcome, QueueEntry, RequestQueue
from service.inference.throughput import Throughput
from service.settings import Settings

RESTART_DELAYS_S = (0.0, 1.0, 2.0, 4.0)  # then the process is given up
STOP_S = 20.0
STALL_S = 120.0  # a batch that takes longer never ends

logger = logging.getLogger("nutgraf.scheduler")


class State(StrEnum):
    """Whether the service answers, and why not."""

    STARTING = "starting"
    READY = "ready"
    RECOVERING = "recovering"
    DRAINING = "draining"
    STOPPED = "stopped"


class Scheduler:
    """Brings articles to the model and their answers back.

    `on_failed` is called once when the model cannot be brought back in this process.
    """

    def __init__(
        self,
        model: Model,
        settings: Settings,
        metrics: Metrics,
        on_failed: Callable[[], None] = lambda: None,
    ) -> None:
        self._model = model
        self._metrics = metrics
        self._on_failed = on_failed
        self._state = State.STARTING
        self._throughput = Throughput(settings.max_batch_tokens, model.parallel)
        self._queue = RequestQueue(self._throughput.batch_tokens, model.parallel)
        self._threads = [self._thread() for _ in range(model.parallel)]
        self._admission = Admission(settings, self._throughput, metrics)
        self._settings = settings
        self.preparing = PreparingPool.of(model, settings)
        self._tickets = count()
        self._restarts = 0
        self._draining = False

    def _thread(self) -> ModelThread:
        return ModelThread(
            self._queue,
            self._throughput,
            self._metrics,
            on_ready=lambda: self._call(self._become_ready),
            on_outcome=lambda entry, outcome: self._call(_resolve, entry, outcome),
            on_death=lambda thread, error: self._call(self._recover, thread, error),
        )

    @property
    def model(self) -> Model:
        """The model that answers from now on."""
        return self._model

    @property
    def state(self) -> State:
        """Whether the service answers, and why not."""
        return State.DRAINING if self._draining and self._state is State.READY else self._state

    @property
    def is_reading(self) -> bool:
        """Whether a thread of the model has not ended."""
        return any(thread.is_alive for thread in self._threads)

    @property
    def budget_tokens(self) -> int:
        """The padded tokens that a batch may have, as memory allows."""
        return self._throughput.memory_tokens

    def waiting(self) -> list[QueueEntry]:
        """The articles that wait for the model."""
        return self._queue.waiting()

    async def start(self) -> None:
        """Start the model's threads. Raises what the first forward pass raises."""
        self._loop = asyncio.get_running_loop()
        self._started: asyncio.Future[None] = self._loop.create_future()
        for thread in self._threads:
            thread.start(self._model)
        self._metrics.serving(self._model)
        self._watch()
        await self._started

    async def stop(self, grace_s: float = STOP_S) -> None:
        """End the model's threads; articles that still wait raise ModelUnavailable.

        A batch that takes longer than `grace_s` is left behind: `is_reading`.
        """
        self._watching.cancel()
        self._queue.close()
        self.abandon()
        ending = (asyncio.to_thread(thread.join, grace_s) for thread in self._threads)
        await asyncio.gather(*ending, asyncio.to_thread(self.preparing.close))

    async def submit(self, article: Article, lane: Lane, deadline_s: float = math.inf) -> Answer:
        """The answer to an article, by `deadline_s` on the monotonic clock.

        An interactive article that does not fit the queue raises QueueFull; bulk waits for room.
        Past the deadline the article is taken out, with DeadlinePassed, unless the model is reading
        it. Raises ArticleError, AnalysisError and ServiceError. To cancel it drops the article.
        """
        try:
            return await self._submit(article, lane, deadline_s)
        except NutgrafError as error:
            self._metrics.refused(slug_of(error))
            raise

    async def read(self, batch: Sequence[Work]) -> list[Analysis | Exception]:
        """What became of each article of a batch that was formed elsewhere, for one model.

        It waits for room in the bulk lane and is read as it is: its numbers depend on nothing else
        that is going on. Raises ModelUnavailable; to cancel it drops the batch.
        """
        self._check_open()
        tokens = sum(one.prepared.tokens for one in batch)
        room = self._admission
        async with room.items(Lane.BULK, len(batch)), room.tokens(Lane.BULK, tokens):
            self._check_open()
            entries = [self._entry(Lane.BULK, one.model, one.prepared, math.inf) for one in batch]
            self._queue.add_batch(entries)
            try:
                outcomes = await asyncio.gather(*(entry.outcome for entry in entries))
            finally:
                self._queue.drop(entries[0])
        return [self._result(outcome) for outcome in outcomes]

    def _result(self, outcome: Outcome) -> Analysis | Exception:
        if isinstance(outcome.result, ModelUnavailable):
            raise outcome.result
        if isinstance(outcome.result, Exception):
            self._metrics.refused(slug_of(outcome.result))
        else:
            self._metrics.answered(Lane.BULK, outcome.result)
        return outcome.result

    async def swap(self, model: Model) -> None:
        """Let another model answer what comes from now on; what came before stays with the old."""
        preparing = PreparingPool.of(model, self._settings)
        await asyncio.to_thread(preparing.prove)
        preparing, self.preparing = self.preparing, preparing
        preparing.finish()
        self._model = model
        self._metrics.serving(model)

    def drain(self) -> None:
        """Say that the service is about to stop. It goes on answering."""
        self._draining = True

    def abandon(self) -> None:
        """Stop: articles that wait, or come later, raise ModelUnavailable."""
        self._state = State.STOPPED
        running = [entry for thread in self._threads for entry in thread.running]
        self._release([*self._queue.waiting(), *running])

    async def _submit(self, article: Article, lane: Lane, deadline_s: float) -> Answer:
        self._check_open()
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(_seconds_until(deadline_s)):
                    await held.enter_async_context(self._admission.items(lane))
                    model, began_s = self._model, time.monotonic()
                    prepared = await asyncio.wrap_future(self.preparing.submit(article, lane))
                    prepare_s = time.monotonic() - began_s
                    await held.enter_async_context(self._admission.tokens(lane, prepared.tokens))
            except TimeoutError:
                raise _deadline_passed() from None
            entry = self._entry(lane, model, prepared, deadline_s)
            outcome = await self._outcome(entry)
        return self._answer(entry, outcome, prepare_s)

    def _entry(self, lane: Lane, model: Model, prepared: Prepared, deadline_s: float) -> QueueEntry:
        outcome: asyncio.Future[Outcome] = self._loop.create_future()
        return QueueEntry(next(self._tickets), lane, model, prepared, deadline_s, outcome)

    async def _outcome(self, entry: QueueEntry) -> Outcome:
        self._check_open()
        self._queue.add(entry)
        try:
            await asyncio.wait([entry.outcome], timeout=_seconds_until(entry.deadline_s))
            if not entry.outcome.done() and self._queue.drop(entry):
                raise _deadline_passed()
            return await entry.outcome
        finally:
            self._queue.drop(entry)

    def _answer(self, entry: QueueEntry, outcome: Outcome, prepare_s: float) -> Answer:
        if isinstance(outcome.result, Exception):
            raise outcome.result
        timing_ms = Timing(
            queue=_ms(outcome.began_s - entry.queued_s),
            prepare=_ms(prepare_s),
            model=_ms(outcome.ended_s - outcome.began_s),
        )
        self._metrics.answered(entry.lane, outcome.result)
        self._metrics.timed(timing_ms)
        return Answer.of(outcome.result, ModelId.of(entry.model.info), timing_ms)

    def _check_open(self) -> None:
        if self._state is State.STOPPED:
            raise _unavailable()

    def _become_ready(self) -> None:
        self._restarts = 0
        if self._state in (State.STARTING, State.RECOVERING):
            self._state = State.READY
        if not self._started.done():
            self._started.set_result(None)

    def _recover(self, thread: ModelThread, error: BaseException) -> None:
        """A thread of the model has died: answer the articles that it had, and start it again."""
        if self._state is State.STARTING:
            self._queue.close()
            if not self._started.done():
                self._started.set_exception(error)
            return
        logger.error("a thread of the model died", exc_info=error)
        self._release(thread.running)
        if isinstance(error, ModelLost) or self._restarts == len(RESTART_DELAYS_S):
            self._fail()
        elif self._state is not State.STOPPED:
            self._state = State.RECOVERING
            self._metrics.restarted()
            self._loop.call_later(RESTART_DELAYS_S[self._restarts], thread.start, self._model)
            self._restarts += 1

    def _fail(self) -> None:
        self.abandon()
        self._on_failed()

    def _watch(self) -> None:
        """Give the process up where a forward pass does not end, since it cannot be ended."""
        self._watching = self._loop.call_later(STALL_S / 10, self._watch)
        began_s = [w.busy_since_s for w in self._threads if w.busy_since_s is not None]
        if began_s and time.monotonic() - min(began_s) > STALL_S:
            logger.error("the model has not answered for %g s", STALL_S)
            self._watching.cancel()
            self._fail()

    def _release(self, entries: Sequence[QueueEntry]) -> None:
        now_s = time.monotonic()
        for entry in entries:
            _resolve(entry, Outcome(_unavailable(), now_s, now_s))

    def _call(self, function: Callable[..., None], *args: object) -> None:
        """Call back from a thread of the model. Does nothing once the loop is closed."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *args)


def _resolve(entry: QueueEntry, outcome: Outcome) -> None:
    if not entry.outcome.done():
        entry.outcome.set_result(outcome)


def _seconds_until(deadline_s: float) -> float | None:
    return None if math.isinf(deadline_s) else max(0.0, deadline_s - time.monotonic())


def _deadline_passed() -> DeadlinePassed:
    return DeadlinePassed("The time ran out before the model was free; allow more, or send less.")


def _unavailable() -> ModelUnavailable:
    return ModelUnavailable("The model is being restarted or stopped; try again.", 5)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)
