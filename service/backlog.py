"""What waits for the model: the event loop adds and drops, the model's threads take batches."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from models.analysis import Analysis
from models.article import Style, Task
from service.batching import Lane, Turns, Waiting, form_batch, formed, padded_tokens
from service.model import Model, Prepared


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job; the times are on the monotonic clock."""

    result: Analysis | Exception
    began_s: float
    ended_s: float


@dataclass(eq=False, slots=True)
class Job:
    """A prepared article on its way through `model`; times are on the monotonic clock.

    `ticket` is its place in the order of arrival.
    """

    ticket: int
    lane: Lane
    model: Model
    prepared: Prepared
    deadline_s: float
    outcome: asyncio.Future[Outcome]
    queued_s: float = field(default_factory=time.monotonic)

    @property
    def group(self) -> Hashable:
        """Jobs that may share a batch: of one model, and none waits for others' summaries."""
        options = self.prepared.options
        writes = Task.SUMMARY in options.tasks and options.style is Style.WRITTEN
        return id(self.model), writes

    @property
    def waiting(self) -> Waiting:
        """What batching knows of this job."""
        read = self.prepared
        return Waiting(self.ticket, read.windows, read.longest_tokens, self.group)


class Backlog:
    """Thread-safe. A batch is formed in `take`, so an article may join until the model is free."""

    def __init__(self, bulk_share: float, budget_tokens: Callable[[Lane], int]) -> None:
        self._turns = Turns.with_bulk_share(bulk_share)
        self._budget_tokens = budget_tokens
        self._lanes: dict[Lane, list[Waiting]] = {lane: [] for lane in Lane}
        self._jobs: dict[int, Sequence[Job]] = {}  # by the ticket of the first that come together
        self._changed = threading.Condition()
        self._closed = False

    def add(self, job: Job) -> None:
        """Let a job wait for its batch."""
        self._add((job,), job.waiting)

    def add_batch(self, jobs: Sequence[Job]) -> None:
        """Let jobs of one lane and model wait that are read together, and with no others."""
        self._add(jobs, formed([job.waiting for job in jobs]))

    def _add(self, jobs: Sequence[Job], waiting: Waiting) -> None:
        with self._changed:
            self._jobs[waiting.ticket] = jobs
            self._lanes[jobs[0].lane].append(waiting)
            self._changed.notify()

    def drop(self, job: Job) -> bool:
        """Take a job, or the batch that it is the first of, out; False when it waits no more."""
        with self._changed:
            if self._jobs.pop(job.ticket, None) is None:
                return False
            lane = self._lanes[job.lane]
            lane[:] = [one for one in lane if one.ticket != job.ticket]
            return True

    def take(self) -> list[Job]:
        """The next batch, waiting for one; empty once the backlog is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            if self._closed:
                return []
            waiting = [lane for lane, items in self._lanes.items() if items]
            lane = self._turns.next(waiting)
            batch, rest = form_batch(self._lanes[lane], self._budget_tokens(lane))
            self._turns = self._turns.after(lane, padded_tokens(batch), waiting)
            self._lanes[lane] = rest
            return [job for one in batch for job in self._jobs.pop(one.ticket)]

    def close(self) -> None:
        """End the `take` that waits, and all after it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def waiting(self) -> list[Job]:
        """All jobs that wait, of both lanes."""
        with self._changed:
            return [job for jobs in self._jobs.values() for job in jobs]
