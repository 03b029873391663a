"""Articles on their way to being prepared, in processes that are ended when one takes too long.

An article may break the code that cleans, parses and tokenises it. Then its process is ended and
replaced, the article raises PreparationFailed, and the service goes on. Other articles do not wait
for it: articles that may be slow to prepare never have all of the processes.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from models.article import Article
from models.device import cores
from service.errors import ModelUnavailable
from service.inference.batching import Lane
from service.inference.model import Model
from service.inference.preparation_process import Preparer
from service.inference.preparation_workers import (
    ForkedProcess,
    Preparation,
    Template,
    ThisProcess,
    closed,
)
from service.settings import Settings

MAX_PROCESSES = 16
"""How many processes there are on a machine with many cores, where no number is set."""
THREADS = 2
"""How many prepare in this process, where no processes are wanted."""
MAX_PASSES = 8
PROBE = Article("The council voted on Monday to reopen the old harbour bridge.")
CPU_S = 2.0
"""The processor time that preparing one article may take, a thousand times the usual time."""


class PreparingPool:
    """Prepares articles for one model, in `processes` with `cpu_s` seconds for each article.

    With 0 processes it does so in threads of this one, without a limit. Thread-safe.
    """

    @classmethod
    def of(cls, model: Model, settings: Settings) -> Self:
        """The pool for a model, with as many processes as are set, or else as there are cores."""
        processes = settings.prepare_processes
        if processes is None:
            processes = min(cores(), MAX_PROCESSES)
        pool = cls(model.preparer, processes, CPU_S)
        pool._probe = pool.submit(PROBE, Lane.INTERACTIVE)  # the processes start at once
        return pool

    def __init__(self, preparer: Preparer, processes: int, cpu_s: float) -> None:
        count = processes or THREADS
        self._probe: Preparation | None = None
        self._queue = _Queue(most_slow=max(1, count - 1))
        template = Template(preparer, cpu_s, users=count)
        self._workers = [
            ForkedProcess(template, cpu_s) if processes else ThisProcess(preparer)
            for _ in range(count)
        ]
        self._threads = [
            threading.Thread(target=self._work, args=(worker,), name="prepare", daemon=True)
            for worker in self._workers
        ]
        for thread in self._threads:
            thread.start()

    def prove(self) -> None:
        """Returns once an article is prepared. Raises ModelUnavailable where none can be."""
        try:
            (self._probe or self.submit(PROBE, Lane.INTERACTIVE)).result()
        except OSError as error:
            self.close()
            raise ModelUnavailable(f"articles cannot be prepared: {error}") from error

    def submit(self, article: Article, lane: Lane = Lane.BULK) -> Preparation:
        """Its result is the prepared article; raises ArticleError, or ModelUnavailable once closed.

        Interactive articles go first, but bulk is not kept waiting without end.
        """
        preparation = Preparation(article, lane)
        if not self._queue.add(preparation):
            preparation.set_exception(closed())
        return preparation

    def begin(self, article: Article) -> Callable[[], Any]:
        """Submits an article of an archive; what this gives waits for the result."""
        return self.submit(article).result

    def finish(self) -> None:
        """Take no more articles; those that wait are prepared, then the workers end."""
        self._queue.finish()

    def close(self) -> None:
        """End the processes at once. Articles that wait, or come later, raise ModelUnavailable."""
        for preparation in self._queue.close():
            preparation.set_exception(closed())
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join()

    def _work(self, worker: ThisProcess | ForkedProcess) -> None:
        while (preparation := self._queue.take()) is not None:
            try:
                if preparation.set_running_or_notify_cancel():
                    _run(worker, preparation)
            finally:
                self._queue.done(preparation)
        worker.close()


def _run(worker: ThisProcess | ForkedProcess, preparation: Preparation) -> None:
    try:
        preparation.set_result(worker.prepare(preparation))
    except BaseException as error:
        preparation.set_exception(error)


@dataclass(slots=True)
class _Line:
    """Articles of one lane, all quick ones or all that may be slow; how often others were taken."""

    waiting: deque[Preparation] = field(default_factory=deque)
    passes: int = 0


class _Queue:
    """What waits to be prepared. At most `most_slow` that may be slow are taken at a time."""

    def __init__(self, most_slow: int) -> None:
        self._lines = {(lane, slow): _Line() for lane in Lane for slow in (False, True)}
        self._slow_left = most_slow
        self._changed = threading.Condition()
        self._finished = False

    def add(self, preparation: Preparation) -> bool:
        """Whether it is taken in: not once this is finished."""
        with self._changed:
            if not self._finished:
                self._lines[preparation.line].waiting.append(preparation)
                self._changed.notify()
            return not self._finished

    def take(self) -> Preparation | None:
        """The next article, waiting for one; None once all is done."""
        with self._changed:
            while not (ready := self._ready()):
                if self._finished and not any(line.waiting for line in self._lines.values()):
                    return None
                self._changed.wait()
            overdue = [key for key in ready if self._lines[key].passes >= MAX_PASSES]
            chosen = (overdue or ready)[0]
            for key in ready:
                self._lines[key].passes += 1
            self._lines[chosen].passes = 0
            self._slow_left -= chosen[1]
            return self._lines[chosen].waiting.popleft()

    def _ready(self) -> list[tuple[Lane, bool]]:
        """The lines of which an article may be taken, those that go first before the others."""
        return [
            (lane, slow)
            for (lane, slow), line in self._lines.items()
            if line.waiting and (not slow or self._slow_left)
        ]

    def done(self, preparation: Preparation) -> None:
        """An article that was taken is prepared."""
        with self._changed:
            self._slow_left += preparation.line[1]
            self._changed.notify_all()

    def finish(self) -> None:
        """Take in no more."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def close(self) -> list[Preparation]:
        """Take no more articles, and return those that wait."""
        self.finish()
        with self._changed:
            left = [one for line in self._lines.values() for one in line.waiting]
            for line in self._lines.values():
                line.waiting.clear()
        return [one for one in left if one.set_running_or_notify_cancel()]
