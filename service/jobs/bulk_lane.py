"""The scheduler's bulk lane, as the thread of a job uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from functools import partial
from typing import Any, TypeVar

from models.article import Article
from models.errors import NutgrafError
from service.archive.scorer import BatchItem, BatchResults
from service.errors import ModelUnavailable
from service.inference.scheduler import Scheduler

T = TypeVar("T")


class Interrupted(NutgrafError):
    """The run cannot go on here; whoever takes the job up next goes on with it."""


class BulkLane:
    """Has batches read by the model that answers now, until it is stopped or the model changes."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Belongs to the loop that is running."""
        self.model, self._preparing = scheduler.model, scheduler.preparing
        self._scheduler = scheduler
        self._loop = asyncio.get_running_loop()
        self._begun: set[Future[Any]] = set()
        self._stopped = False

    def check(self) -> None:
        """Called in the job's thread; raises Interrupted once the job is stopped."""
        if self._stopped:
            raise Interrupted("the job is stopped")

    def prepare(self, article: Article) -> Callable[[], Any]:
        """Have an article prepared. Called in the job's thread; raises Interrupted."""
        self._check_model()
        return self._result(self._preparing.submit(article))

    def begin(self, batch: Sequence[BatchItem]) -> BatchResults:
        """Let a batch wait for its turn. Called in the job's thread; raises Interrupted."""
        self._check_model()
        reading = self._scheduler.read(batch)
        return self._result(asyncio.run_coroutine_threadsafe(reading, self._loop))

    def _result(self, begun: Future[T]) -> Callable[[], T]:
        """Waits for what was begun, and raises Interrupted where that was given up."""
        self._begun.add(begun)
        begun.add_done_callback(self._begun.discard)
        if self._stopped:  # in the meantime, without having seen this one
            begun.cancel()
        return partial(_result, begun)

    def _check_model(self) -> None:
        self.check()
        if self._scheduler.model is not self.model:
            raise Interrupted("the model was changed")

    def stop(self) -> None:
        """Give up what was begun; may be called in any thread."""
        self._stopped = True
        for begun in self._begun.copy():
            begun.cancel()


def _result(begun: Future[T]) -> T:
    try:
        return begun.result()
    except CancelledError:
        raise Interrupted("the job is stopped") from None
    except ModelUnavailable as error:
        raise Interrupted(str(error)) from error
