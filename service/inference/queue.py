"""The articles that wait for the model. The event loop adds, the model's threads take."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field

from models.analysis import Analysis
from models.article import Style
from models.encoding.packing import padded_tokens
from service.inference.batching import (
    FairScheduler,
    Lane,
    Waiting,
    form_batch,
    formed,
)
from service.inference.model import Model, Prepared

KEPT_S = 5.0
"""For how long after a short article one thread is kept free for more short ones."""

Queue = tuple[Lane, bool]
"""A lane, and whether its articles are long; those of bulk are never told apart."""
QUEUES: Sequence[Queue] = (
    (Lane.INTERACTIVE, False),
    (Lane.INTERACTIVE, True),
    (Lane.BULK, False),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry; the times are on the monotonic clock."""

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
        """Entries that may share a batch: of one model, and none waits for others' summaries."""
        options = self.prepared.options
        writes = options.asks("summary") and options.style is Style.WRITTEN
        return id(self.model), writes

    @property
    def waiting(self) -> Waiting:
        """What batching knows of this entry."""
        read = self.prepared
        return Waiting(self.ticket, read.windows, read.longest_tokens, self.group)


class RequestQueue:
    """Thread-safe. A batch is formed in `take`, so an article may join until the model is free.

    Long interactive articles have a queue of their own, which takes turns with short ones. While
    short ones come, one of the model's `threads` is kept free for them, where there are several.
    """

    def __init__(self, budget_tokens: Callable[[Lane], int], threads: int = 1) -> None:
        self._turns = FairScheduler.of_lanes()
        self._length_turns = FairScheduler.of_lengths()
        self._budget_tokens = budget_tokens
        self._queues: dict[Queue, list[Waiting]] = {queue: [] for queue in QUEUES}
        self._entries: dict[
            int, Sequence[QueueEntry]
        ] = {}  # by the ticket of the first that come together
        self._changed = threading.Condition()
        self._closed = False
        self._threads = threads
        self._long_running = 0
        self._short_until_s = -math.inf

    def add(self, entry: QueueEntry) -> None:
        """Let an entry wait for its batch."""
        self._add((entry,), entry.waiting)

    def add_batch(self, entries: Sequence[QueueEntry]) -> None:
        """Let entries of one lane and model wait that are read together, and with no others."""
        self._add(entries, formed([entry.waiting for entry in entries]))

    def _add(self, entries: Sequence[QueueEntry], waiting: Waiting) -> None:
        with self._changed:
            self._entries[waiting.ticket] = entries
            queue = _queue(entries[0].lane, waiting)
            self._queues[queue].append(waiting)
            if queue == (Lane.INTERACTIVE, False):
                self._short_until_s = time.monotonic() + KEPT_S
            self._changed.notify_all()

    def drop(self, entry: QueueEntry) -> bool:
        """Take an entry, or the batch that it is the first of, out; False when it waits no more."""
        with self._changed:
            if self._entries.pop(entry.ticket, None) is None:
                return False
            for queue in self._queues.values():
                queue[:] = [one for one in queue if one.ticket != entry.ticket]
            return True

    def take(self) -> list[QueueEntry]:
        """The next batch, waiting for one; empty once the queue is closed.

        Call `done` once it is read.
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
            return [entry for one in batch for entry in self._entries.pop(one.ticket)]

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
        """All entries that wait, of both lanes."""
        with self._changed:
            return [entry for entries in self._entries.values() for entry in entries]


def _queue(lane: Lane, waiting: Waiting) -> Queue:
    return lane, lane is Lane.INTERACTIVE and waiting.is_long
