"""A thread of the model: takes a batch, reads it, hands back what became of each article."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from models.analysis import Analysis
from models.encoding.packing import padded_tokens
from models.errors import ArtifactError
from service.errors import DeadlinePassed, ReaderUnavailable
from service.inference.bisection import analyze_with_bisection, is_out_of_memory
from service.inference.metrics import Metrics
from service.inference.model import Model
from service.inference.queue import Outcome, QueueEntry, RequestQueue
from service.inference.throughput import Throughput


class ModelThread:
    """Runs until the queue is closed, or until something other than an article's own error.

    The callbacks are called in the thread: `on_ready` after a first forward pass, `on_outcome` for
    each entry, and `on_death` with this object and the exception that ended the thread.
    """

    def __init__(
        self,
        queue: RequestQueue,
        throughput: Throughput,
        metrics: Metrics,
        *,
        on_ready: Callable[[], None],
        on_outcome: Callable[[QueueEntry, Outcome], None],
        on_death: Callable[[ModelThread, BaseException], None],
    ) -> None:
        self._queue = queue
        self._throughput = throughput
        self._metrics = metrics
        self._on_ready = on_ready
        self._on_outcome = on_outcome
        self._on_death = on_death
        self.running: Sequence[QueueEntry] = ()
        self.busy_since_s: float | None = None
        self._thread: threading.Thread | None = None

    def start(self, model: Model) -> None:
        """Start the thread, again where it has died."""
        self._thread = threading.Thread(target=self._run, args=(model,), name="model", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is there."""
        return self._thread is not None and self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end, once the queue is closed."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self, model: Model) -> None:
        try:
            self._prove(model)
            self._on_ready()
            while batch := self._queue.take():
                try:
                    self._read(batch)
                finally:
                    self._queue.done(batch)
        except BaseException as error:
            self._on_death(self, error)
        finally:
            self.busy_since_s = None

    def _prove(self, model: Model) -> None:
        self.busy_since_s = time.monotonic()
        model.warm_up()
        self.busy_since_s = None

    def _read(self, batch: Sequence[QueueEntry]) -> None:
        began_s = self.busy_since_s = time.monotonic()
        self.running = batch
        timely = [entry for entry in batch if entry.deadline_s > began_s]
        for entry in batch:
            if entry.deadline_s <= began_s:
                error = DeadlinePassed("The time ran out while the article was waiting.")
                self._on_outcome(entry, Outcome(error, began_s, began_s))
        if timely:
            self._read_timely(timely, began_s)
        self.running = ()
        self.busy_since_s = None

    def _read_timely(self, entries: Sequence[QueueEntry], began_s: float) -> None:
        failed: list[tuple[QueueEntry, Exception]] = []
        failures = 0

        def on_failure(error: Exception) -> None:
            nonlocal failures
            failures += 1
            self._metrics.batch_failed(error)
            if is_out_of_memory(error):
                self._throughput.shrink()

        for entry, result in analyze_with_bisection(entries, on_failure):
            if isinstance(result, Analysis):
                self._on_outcome(entry, Outcome(result, began_s, time.monotonic()))
            else:
                failed.append((entry, _told(result)))
        if failures == 0:
            self._note(entries, time.monotonic() - began_s)
        errors = [error for _, error in failed if not isinstance(error, ReaderUnavailable)]
        if len(errors) == len(entries):  # the model's fault, not the articles', where this raises
            self._prove(entries[0].model)
        for entry, error in failed:
            self._on_outcome(entry, Outcome(error, began_s, time.monotonic()))

    def _note(self, entries: Sequence[QueueEntry], duration_s: float) -> None:
        padded = padded_tokens(entry.waiting for entry in entries)
        self._throughput.record(entries[0].lane, padded, duration_s)
        self._metrics.batch(entries[0].lane, entries, padded)


def _told(error: Exception) -> Exception:
    """What is told of an article's error: no path, and how to go on without the reader."""
    if not isinstance(error, ArtifactError):
        return error
    return ReaderUnavailable(
        "The reader that is to judge cannot be loaded; its reason is in the service's log. Ask for "
        "another `reader`, or for what needs none: topics and extractive summaries."
    )
