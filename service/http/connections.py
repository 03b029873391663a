"""The open connections of a process: their limit, and how they share the event loop."""

from __future__ import annotations

import asyncio
import logging
import resource
from contextlib import suppress
from time import monotonic
from typing import Protocol

from service.errors import ServiceError, TooManyConnections

MAX_FILES = 65_536  # more are not asked of the system
RESERVED_FILES = 64  # of the model, the jobs and their database
BUSY_TURN_S = 0.004
RETRY_AFTER_S = 5

logger = logging.getLogger("nutgraf.connections")


def raise_file_limit() -> int:
    """Lets this process open as many files as it may; how many these are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MAX_FILES
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft < wanted:
        with suppress(OSError, ValueError):  # some systems have a lower limit than they report
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return min(soft, MAX_FILES)


def limit_for(files: int) -> int:
    """The connections that a process may have open, by the number of files that it may open.

    It is a third of the files. A connection may need a second file, for an archive that it sends or
    fetches, and some connections are accepted before they are counted.
    """
    return max(1, (files - RESERVED_FILES) // 3)


class Connection(Protocol):
    """What `Connections` needs of a connection."""

    def hang_up(self) -> None:
        """Close it."""

    def refuse(self, error: ServiceError) -> None:
        """Answer with a problem, and close it."""

    def parse_some(self) -> bool:
        """Parse a little of what was received; whether more is to be parsed."""


class Connections:
    """At most `limit` connections. To make room, the one that is idle for longest is closed.

    From `open` to `close` a connection is `idle` or `busy`. It is idle while it has no request.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[Connection] = set()
        self._idle: dict[Connection, None] = {}  # in the order in which they became so
        self._is_full = False
        self._closed = self._refused = 0
        self.turns = RoundRobin()

    def open(self, connection: Connection) -> None:
        """Take a connection up, or refuse it where all are busy."""
        if len(self._open) >= self._limit and not self._make_room():
            self._refused += 1
            connection.refuse(
                TooManyConnections("Too many requests are being answered.", RETRY_AFTER_S)
            )
            return
        self._open.add(connection)
        self.idle(connection)

    def idle(self, connection: Connection) -> None:
        """The connection has no request."""
        if connection in self._open:
            self._idle.setdefault(connection)

    def busy(self, connection: Connection) -> None:
        """A request has come over the connection."""
        self._idle.pop(connection, None)

    def close(self, connection: Connection) -> None:
        """The connection is closed."""
        self._open.discard(connection)
        self._idle.pop(connection, None)
        if self._is_full and len(self._open) <= self._limit * 3 // 4:
            logger.info(
                "connections are below their limit again",
                extra={"closed": self._closed, "refused": self._refused},
            )
            self._is_full = False
            self._closed = self._refused = 0

    def _make_room(self) -> bool:
        if not self._is_full:
            logger.warning(
                "connections have reached their limit; idle ones are closed first",
                extra={"limit": self._limit},
            )
            self._is_full = True
        longest = next(iter(self._idle), None)
        if longest is None:
            return False
        self._closed += 1
        del self._idle[longest]
        self._open.discard(longest)
        longest.hang_up()
        return True


class RoundRobin:
    """Connections parse in turn. After BUSY_TURN_S the event loop does other work first."""

    def __init__(self) -> None:
        self._waiting: dict[Connection, None] = {}  # in turn

    def ask(self, connection: Connection) -> None:
        """Have the connection parse what it has received."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._run)
        self._waiting.setdefault(connection)

    def _run(self) -> None:
        ends_s = monotonic() + BUSY_TURN_S
        while True:
            connection = next(iter(self._waiting))
            try:
                goes_on = connection.parse_some()
            except Exception:
                logger.exception("a connection cannot be read")
                connection.hang_up()
                goes_on = False
            del self._waiting[connection]
            if goes_on:
                self._waiting[connection] = None
            if not self._waiting or monotonic() >= ends_s:
                break
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._run)
