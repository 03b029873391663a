"""The scheduler's bulk lane, as the thread of a job uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from functools import partial

from models.analysis import Analysis
from models.errors import NutgrafError
from service.errors import ModelUnavailable
from service.scheduler import Scheduler
from service.shards import Pass, Results

Reading = Future[list[Analysis | Exception]]


class Interrupted(NutgrafError):
    """The run cannot go on here; whoever takes the job up next goes on with it."""


class BulkLane:
    """Has batches read by the model that answers now, until it is stopped or the model changes."""

    def __init__(self, scheduler: Scheduler) -> None:
        """Belongs to the loop that is running."""
        self.model = scheduler.model
        self._scheduler = scheduler
        self._loop = asyncio.get_running_loop()
        self._begun: set[Reading] = set()
        self._stopped = False

    def check(self) -> None:
        """Called in the job's thread; raises Interrupted once the job is stopped."""
        if self._stopped:
            raise Interrupted("the job is stopped")

    def begin(self, batch: Sequence[Pass]) -> Results:
        """Let a batch wait for its turn. Called in the job's thread; raises Interrupted."""
        self.check()
        if self._scheduler.model is not self.model:
            raise Interrupted("the model was changed")
        reading = asyncio.run_coroutine_threadsafe(self._scheduler.read(batch), self._loop)
        self._begun.add(reading)
        reading.add_done_callback(self._begun.discard)
        if self._stopped:  # in the meantime, without having seen this one
            reading.cancel()
        return partial(_results, reading)

    def stop(self) -> None:
        """Give up what was begun; may be called in any thread."""
        self._stopped = True
        for reading in self._begun.copy():
            reading.cancel()


def _results(reading: Reading) -> Sequence[Analysis | Exception]:
    try:
        return reading.result()
    except CancelledError:
        raise Interrupted("the job is stopped") from None
    except ModelUnavailable as error:
        raise Interrupted(str(error)) from error
