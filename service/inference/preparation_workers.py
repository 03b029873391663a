"""What prepares articles: processes that are forked from a template, or this one.

A process is ended by the kernel when an article takes too much processor time, and by us when its
client has left. Another is forked in its place. What the processes run is in
`preparation_process.py`.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any

from models.article import Article
from models.errors import PreparationFailed
from service.errors import ModelUnavailable
from service.inference.batching import Lane
from service.inference.preparation_process import ANSWER, FORK, ORDER, STATUS, Preparer

LONG_CHARS, LONG_LINES = 32_768, 1_000
"""A text with more takes longer to prepare than others, and a page may."""
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


def closed() -> ModelUnavailable:
    """What an article raises that comes once the pool is closed."""
    return ModelUnavailable("The service is being stopped; try again.", 5)


class ThisProcess:
    """Prepares in the thread that asks."""

    def __init__(self, preparer: Preparer) -> None:
        self._preparer = preparer

    def prepare(self, preparation: Preparation) -> Any:
        return self._preparer(preparation.article)

    def kill(self) -> None: ...
    def close(self) -> None: ...


class _Lost(Exception):
    """A worker process has ended, with this status."""


class ForkedProcess:
    """A preparing process; another is forked where it has ended. Used by one thread at a time."""

    def __init__(self, template: Template, cpu_s: float) -> None:
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
                raise closed()
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
            return closed()
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


class Template:
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
