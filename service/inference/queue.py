"""What waits for the model: the event loop adds and drops, the model's threads take batches."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from models.analysis import Analysis
from models.article import Style
from service.inference.batching import (
    FairScheduler,
    Lane,
    Waiting,
    form_batch,
    formed,
    padded_tokens,
)
from service.inference.model import Model, Prepared

KEPT_S = 5.0
"""For how long after an article that is not long a thread is left to more of them."""

Queue = tuple[Lane, bool]
"""A lane, and whether its articles are long; those of bulk are never told apart."""
QUEUES: Sequence[Queue] = (
    (Lane.INTERACTIVE, False),
    (Lane.INTERACTIVE, True),
    (Lane.BULK, False),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job; the times are on the monotonic clock."""

    result: Analysis | Exception
    began_s: float
    ended_s: float


@dataclass(eq=False, slots=True)
class QueueEntry:
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
        writes = options.asks("summary") and options.style is Style.WRITTEN
        return id(self.model), writes

    @property
    def waiting(self) -> Waiting:
        """What batching knows of this job."""
        read = self.prepared
        return Waiting(self.ticket, read.windows, read.longest_tokens, self.group)


class RequestQueue:
    """Thread-safe. A batch is formed in `take`, so an article may join until the model is free.

    Interactive articles that are long have a queue of their own, which takes turns with the others;
    and while others come, one of the model's `threads` is left to them, where there are several.
    """

    def __init__(
        self, bulk_share: float, budget_tokens: Callable[[Lane], int], threads: int = 1
    ) -> None:
        self._turns = FairScheduler.of_lanes(bulk_share)
        self._length_turns = FairScheduler.of_lengths()
        self._budget_tokens = budget_tokens
        self._queues: dict[Queue, list[Waiting]] = {queue: [] for queue in QUEUES}
        self._jobs: dict[
            int, Sequence[QueueEntry]
        ] = {}  # by the ticket of the first that come together
        self._changed = threading.Condition()
        self._closed = False
        self._threads = threads
        self._long_running = 0
        self._short_until_s = -math.inf

    def add(self, job: QueueEntry) -> None:
        """Let a job wait for its batch."""
        self._add((job,), job.waiting)

    def add_batch(self, jobs: Sequence[QueueEntry]) -> None:
        """Let jobs of one lane and model wait that are read together, and with no others."""
        self._add(jobs, formed([job.waiting for job in jobs]))

    def _add(self, jobs: Sequence[QueueEntry], waiting: Waiting) -> None:
        with self._changed:
            self._jobs[waiting.ticket] = jobs
            queue = _queue(jobs[0].lane, waiting)
            self._queues[queue].append(waiting)
            if queue == (Lane.INTERACTIVE, False):
                self._short_until_s = time.monotonic() + KEPT_S
            self._changed.notify_all()

    def drop(self, job: QueueEntry) -> bool:
        """Take a job, or the batch that it is the first of, out; False when it waits no more."""
        with self._changed:
            if self._jobs.pop(job.ticket, None) is None:
                return False
            for queue in self._queues.values():
                queue[:] = [one for one in queue if one.ticket != job.ticket]
            return True

    def take(self) -> list[QueueEntry]:
        """The next batch, waiting for one; empty once the backlog is closed.

        `done` is to be told once it is read.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready() or self._closed)
            if self._closed:
                return []
            lane, is_long = queue = self._next()
            batch, rest = form_batch(self._queues[queue], self._budget_tokens(lane))
            self._take_turns(queue, padded_tokens(batch))
            self._queues[queue] = rest
            self._long_running += is_long
            return [job for one in batch for job in self._jobs.pop(one.ticket)]

    def done(self, batch: Sequence[QueueEntry]) -> None:
        """A batch that was taken is read, or given up."""
        with self._changed:
            self._long_running -= _queue(batch[0].lane, batch[0].waiting)[1]
            self._changed.notify_all()

    def _ready(self) -> list[Queue]:
        """The queues of which a batch may be taken."""
        keeps_one = time.monotonic() < self._short_until_s
        most_long = max(1, self._threads - 1) if keeps_one else self._threads
        return [
            (lane, is_long)
            for (lane, is_long), waiting in self._queues.items()
            if waiting and (not is_long or self._long_running < most_long)
        ]

    def _next(self) -> Queue:
        ready = self._ready()
        lane = self._turns.next({lane for lane, _ in ready})
        return lane, self._length_turns.next({is_long for one, is_long in ready if one is lane})

    def _take_turns(self, queue: Queue, tokens: int) -> None:
        ready, (lane, is_long) = self._ready(), queue
        self._turns = self._turns.after(lane, tokens, {lane for lane, _ in ready})
        if lane is Lane.INTERACTIVE:
            lengths = {is_long for one, is_long in ready if one is lane}
            self._length_turns = self._length_turns.after(is_long, tokens, lengths)

    def close(self) -> None:
        """End the `take` that waits, and all after it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def waiting(self) -> list[QueueEntry]:
        """All jobs that wait, of both lanes."""
        with self._changed:
            return [job for jobs in self._jobs.values() for job in jobs]


def _queue(lane: Lane, waiting: Waiting) -> Queue:
    return lane, lane is Lane.INTERACTIVE and waiting.is_long
