"""Articles on their way to being prepared, in processes that are ended when one takes too long.

An article may break the code that cleans, parses and tokenises it. Then its process is ended and
replaced, the article raises PreparationFailed, and the service goes on. Other articles do not wait
for it: articles that may be slow to prepare never have all of the processes.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Self

from models.article import Article
from models.device import cores
from models.errors import PreparationFailed
from service.errors import ModelUnavailable
from service.inference.batching import Lane
from service.inference.model import Model
from service.inference.preparation_process import ANSWER, FORK, ORDER, STATUS, Preparer
from service.settings import Settings

MAX_PROCESSES = 16
"""How many processes there are on a machine with many cores, where no number is set."""
THREADS = 2
"""How many prepare in this process, where no processes are wanted."""
LONG_CHARS, LONG_LINES = 32_768, 1_000
"""A text with more takes longer to prepare than others, and a page may."""
MAX_PASSES = 8
PROBE = Article("The council voted on Monday to reopen the old harbour bridge.")
CPU_S = 2.0
"""The processor time that preparing one article may take, a thousand times the usual time."""
BACKSTOP_S = 120.0
"""How long a worker may take by the clock: long enough for its limit on any machine that works."""
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
"""So that the process that workers are forked from has one thread."""


class Preparation(Future[Any]):
    """An article that is being prepared. To cancel it ends the worker that is at it."""

    def __init__(self, article: Article, lane: Lane) -> None:
        super().__init__()
        self.article = article
        self.line = lane, _may_be_slow(article)
        self.is_given_up = False
        self.stop: Callable[[Preparation], None] | None = None

    def cancel(self) -> bool:
        if super().cancel():
            return True
        self.is_given_up = True
        if self.stop is not None:
            self.stop(self)
        return False


def _may_be_slow(article: Article) -> bool:
    text = article.text or ""
    return article.html is not None or len(text) > LONG_CHARS or text.count("\n") > LONG_LINES


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
        template = _Template(preparer, cpu_s, users=count)
        self._workers = [
            _Process(template, cpu_s) if processes else _InThisProcess(preparer)
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
            preparation.set_exception(_closed())
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
            preparation.set_exception(_closed())
        for worker in self._workers:
            worker.kill()
        for thread in self._threads:
            thread.join()

    def _work(self, worker: _InThisProcess | _Process) -> None:
        while (preparation := self._queue.take()) is not None:
            try:
                if preparation.set_running_or_notify_cancel():
                    _run(worker, preparation)
            finally:
                self._queue.done(preparation)
        worker.close()


def _run(worker: _InThisProcess | _Process, preparation: Preparation) -> None:
    try:
        preparation.set_result(worker.prepare(preparation))
    except BaseException as error:
        preparation.set_exception(error)


def _closed() -> ModelUnavailable:
    return ModelUnavailable("The service is being stopped; try again.", 5)


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


class _InThisProcess:
    """Prepares in the thread that asks."""

    def __init__(self, preparer: Preparer) -> None:
        self._preparer = preparer

    def prepare(self, preparation: Preparation) -> Any:
        return self._preparer(preparation.article)

    def kill(self) -> None: ...
    def close(self) -> None: ...


class _Lost(Exception):
    """A worker process has ended, with this status."""


class _Process:
    """A preparing process; another is forked where it has ended. Used by one thread at a time."""

    def __init__(self, template: _Template, cpu_s: float) -> None:
        self._template = template
        self._cpu_s = cpu_s
        self._lock = threading.Lock()
        self._running: tuple[int, Connection] | None = None
        self._at: Preparation | None = None
        self._is_killed = self._is_closed = False

    def prepare(self, preparation: Preparation) -> Any:
        """The prepared article. Raises what preparing it raises, and PreparationFailed.

        A process may have ended before it was given the article, so that gets a second one.
        """
        try:
            return self._prepare(preparation)
        except _Lost:
            with suppress(_Lost):
                return self._prepare(preparation)
        raise PreparationFailed(
            "preparing the article ended its process; send less of it, or its text without the "
            "page around it"
        )

    def _prepare(self, preparation: Preparation) -> Any:
        articles = self._begin(preparation)
        preparation.stop = self._stop
        if preparation.is_given_up:
            self._stop(preparation)
        try:
            articles.send(preparation.article)
            if not articles.poll(BACKSTOP_S):
                self._stop(preparation)
            outcome = pickle.loads(articles.recv_bytes())  # noqa: S301 - of a fork of our own
        except (EOFError, OSError):
            raise self._failure(preparation) from None
        finally:
            self._end()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def kill(self) -> None:
        """End the process for good, whatever it is at."""
        with self._lock:
            self._is_closed = True
            self._kill()

    def close(self) -> None:
        """Release everything. Called when nothing is being prepared."""
        self.kill()
        self._drop()
        self._template.release()

    def _begin(self, preparation: Preparation) -> Connection:
        """Where the process takes articles, of which this is the one that it is at."""
        with self._lock:
            if self._is_closed:
                raise _closed()
            if self._running is None:
                self._running = self._template.fork()
                self._is_killed = False
            self._at = preparation
            return self._running[1]

    def _end(self) -> None:
        """Nothing is being prepared: a process that was ended just then is not kept."""
        with self._lock:
            self._at = None
            is_killed = self._is_killed
        if is_killed:
            self._drop()

    def _stop(self, preparation: Preparation) -> None:
        """End the process if it is still at this article."""
        with self._lock:
            if self._at is preparation:
                self._kill()

    def _kill(self) -> None:
        if self._running is not None:  # it is not waited for yet, so the number is its own
            self._is_killed = True
            with suppress(ProcessLookupError):
                os.kill(self._running[0], signal.SIGKILL)

    def _failure(self, preparation: Preparation) -> Exception:
        """Why the process has ended; the next article gets another."""
        with self._lock:
            was_killed = self._is_killed
            self._kill()  # should it still be there, for what it said could not be read
        status = self._drop()
        if self._is_closed:
            return _closed()
        if preparation.is_given_up:
            return CancelledError()
        if was_killed:
            return PreparationFailed(
                f"preparing the article has not ended after {BACKSTOP_S:g} s; send less of it"
            )
        if -status == signal.SIGPROF:
            return PreparationFailed(
                f"preparing the article takes more than {self._cpu_s:g} s of processor time; send "
                "less of it, or its text without the page around it"
            )
        return _Lost(status)

    def _drop(self) -> int:
        """How the process ended; below 0, by which signal. The next article gets another."""
        with self._lock:
            running, self._running = self._running, None
            self._is_killed = False
        if running is None:
            return 0
        pid, articles = running
        articles.close()
        return self._template.status(pid)


class _Template:
    """The process that workers are forked from. Started when it is needed, again if it was lost."""

    def __init__(self, preparer: Preparer, cpu_s: float, users: int) -> None:
        self._preparer = preparer
        self._cpu_s = cpu_s
        self._users = users
        self._lock = threading.Lock()
        self._running: tuple[socket.socket, subprocess.Popen[bytes]] | None = None

    def fork(self) -> tuple[int, Connection]:
        """A new worker: the number of its process, and where it takes articles."""
        ours, theirs = Pipe()
        with theirs:
            try:
                return self._order(FORK, 0, theirs.fileno()), ours
            except OSError:
                self._end()
            return self._order(FORK, 0, theirs.fileno()), ours

    def status(self, pid: int) -> int:
        """How a worker ended that has ended; the number of the signal below 0."""
        try:
            return self._order(STATUS, pid)
        except OSError:
            return 0

    def release(self) -> None:
        """One of the users needs no more workers; with the last of them the process ends."""
        with self._lock:
            self._users -= 1
            is_last = not self._users
        if is_last:
            self._end()

    def _order(self, what: bytes, pid: int, *handles: int) -> int:
        with self._lock:
            if self._running is None:
                self._running = self._start()
            control, _ = self._running
            socket.send_fds(control, [ORDER.pack(what, pid)], handles)
            return _answer(control)

    def _start(self) -> tuple[socket.socket, subprocess.Popen[bytes]]:
        ours, theirs = socket.socketpair()
        with theirs:
            handle = theirs.fileno()
            module = "service.inference.preparation_process"
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", module, str(handle), str(self._cpu_s)],
                pass_fds=[handle],
                env=os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(_import_paths())},
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a terminal's Ctrl-C is for this process alone
            )
        ours.sendall(pickle.dumps(self._preparer))
        _answer(ours)
        return ours, process

    def _end(self) -> None:
        with self._lock:
            if self._running is not None:
                control, process = self._running
                self._running = None
                control.close()
                process.wait()


def _import_paths() -> list[str]:
    return [os.path.abspath(path) for path in sys.path]


def _answer(control: socket.socket) -> int:
    received = control.recv(ANSWER.size, socket.MSG_WAITALL)
    if len(received) < ANSWER.size:
        raise ConnectionError("the process that prepares articles has ended")
    number: int = ANSWER.unpack(received)[0]
    return number
