"""The processes that prepare articles: one that loads what they need, and the workers it forks.

`python -m service.inference.preparation_process CONTROL CPU_S` is the first, the template. Over the
socket CONTROL it is sent a preparer, and then orders: to fork a worker, which talks over a socket
that comes along, or to tell how a worker ended. A fork takes milliseconds and shares the memory of
what is loaded, so a worker that is ended is soon replaced. Nothing here loads torch.

A worker prepares one article at a time. Once that has taken CPU_S seconds of processor time the
kernel ends it, whatever code is running: signal.setitimer, whose SIGPROF nobody handles. How busy
the machine is makes no difference.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from models.article import Article

ORDER = struct.Struct("!ci")
ANSWER = struct.Struct("!i")
FORK, STATUS = b"F", b"S"

NICENESS = 5
"""The model goes before what is to be prepared for it next."""

Preparer = Callable[[Article], Any]


def main() -> None:
    """The template: until the other end of the control socket is closed."""
    control, cpu_s = socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2])
    with control.makefile("rb") as sent:
        preparer: Preparer = pickle.load(sent)  # noqa: S301 - by the process that started this one
    warm_up = getattr(preparer, "warm_up", None)
    if warm_up is not None:
        warm_up()
    gc.freeze()  # so that a worker's collections leave the shared pages alone
    answer(control, os.getpid())
    while True:
        order, handles, _, _ = socket.recv_fds(control, ORDER.size, 1)
        if not order:
            return
        what, pid = ORDER.unpack(order)
        if what == FORK:
            answer(control, fork(preparer, cpu_s, handles[0], control))
        else:
            answer(control, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def answer(control: socket.socket, number: int) -> None:
    """Answers an order."""
    control.sendall(ANSWER.pack(number))


def fork(preparer: Preparer, cpu_s: float, handle: int, control: socket.socket) -> int:
    """The number of a new worker."""
    if pid := os.fork():
        os.close(handle)
        return pid
    try:
        control.close()
        work(preparer, Connection(handle), cpu_s)
    finally:
        os._exit(0)


def work(preparer: Preparer, articles: Connection, cpu_s: float) -> None:
    """A worker: gives back each article that it gets, prepared, or what was wrong with it."""
    os.nice(NICENESS)
    while True:
        try:
            article = articles.recv()
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        outcome = prepared(preparer, article)
        signal.setitimer(signal.ITIMER_PROF, 0)
        articles.send_bytes(outcome)


def prepared(preparer: Preparer, article: Article) -> bytes:
    """The prepared article, or the exception that it raised, pickled."""
    try:
        return pickle.dumps(preparer(article), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        error.add_note(traceback.format_exc())
        return pickle.dumps(error, pickle.HIGHEST_PROTOCOL)


if __name__ == "__main__":
    main()
