"""Connections: no more than there are files for, the idle ones closed first, each in its turn."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import random
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from service.errors import ServiceError
from service.http import connections, protocol
from service.http.connections import Connections, limit_for, raise_file_limit
from tests.service.http.test_protocol import HOST, POST, is_ready, post, talk, wait_for
from tests.support.service_fixtures import Listen
from tests.support.stand_in_model import StandIn

LIMIT = 4
HELD = b'{"text": "held"}'
HELD_REQUEST = POST + b"Content-Length: %d\r\n\r\n" % len(HELD) + HELD


@pytest.fixture
def few_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """So few files that LIMIT connections may be open."""
    files = next(files for files in range(1000) if limit_for(files) == LIMIT)
    monkeypatch.setattr("service.api.server.raise_file_limit", lambda: files)


def connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=60)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.name == "nutgraf.connections"]


REACHED = "connections have reached their limit; idle ones are closed first"
OVER = "connections are below their limit again"


@pytest.mark.slow
@pytest.mark.usefixtures("few_files")
def test_idle_connections_make_room_the_oldest_first(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with listen() as port:
        with ExitStack() as opened:
            idle = [opened.enter_context(connect(port)) for _ in range(10 * LIMIT)]
            assert idle[0].recv(1) == b""
            assert idle[5].recv(1) == b""
            idle[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert idle[-1].recv(100).startswith(b"HTTP/1.1 200 ")
            assert is_ready(port)
        wait_for(lambda: told(caplog)[-1] == OVER)
    assert told(caplog) == [REACHED, OVER]
    (over,) = [each for each in caplog.records if each.message == OVER]
    assert vars(over)["closed"] >= 9 * LIMIT
    assert vars(over)["refused"] == 0


@pytest.mark.slow
@pytest.mark.usefixtures("few_files")
@pytest.mark.parametrize("started", [b"", b"GET /livez HT", POST], ids=["none", "line", "fields"])
def test_half_a_request_is_idle_too(listen: Listen, started: bytes) -> None:
    with listen() as port, ExitStack() as opened:
        for _ in range(3 * LIMIT):
            opened.enter_context(connect(port)).sendall(started)
        assert is_ready(port)


@pytest.mark.usefixtures("few_files")
def test_a_request_on_its_way_is_kept_and_others_are_told_to_wait(
    listen: Listen, model: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    model.gate.clear()
    with listen() as port, ExitStack() as opened:
        held = [opened.enter_context(connect(port)) for _ in range(LIMIT)]
        for connection in held:
            connection.sendall(HELD_REQUEST)
        wait_for(lambda: len(model.batches) > 0)
        refused = talk(port)
        while not refused:  # not all of the requests were there yet
            refused = talk(port)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 5\r\n" in refused
        assert b"urn:nutgraf:problem:too-many-connections" in refused
        model.gate.set()
        for connection in held:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert is_ready(port)
    assert told(caplog)[0] == REACHED
    assert told(caplog).count(REACHED) <= 2  # the connections that wait are closed at the end


@pytest.mark.usefixtures("few_files")
def test_a_connection_between_two_requests_is_idle(listen: Listen) -> None:
    with listen() as port, ExitStack() as opened:
        for _ in range(3 * LIMIT):
            client = http.client.HTTPConnection(HOST, port, timeout=60)
            opened.callback(client.close)
            client.request("GET", "/livez")
            assert client.getresponse().read() == b'{"state":"alive"}'


@pytest.mark.slow
def test_a_client_that_does_not_read_its_answer_is_hung_up_on(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "UNREAD_TIMEOUT_S", 0.2)
    monkeypatch.setattr("service.api.stream.SEND_TIMEOUT_S", 1000.0)
    batch = POST.replace(b"/analyze", b"/analyze/batch").replace(b"/json", b"/x-ndjson")
    line = json.dumps({"text": "Rain fell. " * 100}).encode() + b"\n"
    lines = line * 10_000
    with listen() as port, connect(port) as connection:
        connection.sendall(batch + b"Content-Length: %d\r\n\r\n" % len(lines))
        with suppress(OSError):  # the connection is reset
            while True:
                connection.sendall(lines)
        assert is_ready(port)


def test_the_limit_on_files_is_raised_as_far_as_the_system_lets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = {"now": (256, 4096)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: limits.update(now=wanted))
    assert raise_file_limit() == 4096
    limits["now"] = (256, resource.RLIM_INFINITY)
    assert raise_file_limit() == connections.MAX_FILES

    def refuse(_: int, wanted: tuple[int, int]) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)
    limits["now"] = (256, 10**9)
    assert raise_file_limit() == 256
    assert 1 <= limit_for(0) < limit_for(256) < 256 // 2


class Parsing:
    """A connection that has so many pieces to parse."""

    def __init__(self, pieces: int, order: list[Parsing]) -> None:
        self.pieces = pieces
        self.hung_up = False
        self._order = order

    def parse_some(self) -> bool:
        self._order.append(self)
        self.pieces -= 1
        if self.pieces < 0:
            raise RuntimeError("nothing left")
        return self.pieces > 0

    def hang_up(self) -> None:
        self.hung_up = True

    def refuse(self, error: ServiceError) -> None: ...


@pytest.mark.anyio
async def test_connections_parse_in_turn_and_leave_the_loop_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "BUSY_TURN_S", 0.0)
    order: list[Parsing] = []
    large, small, broken = Parsing(50, order), Parsing(1, order), Parsing(0, order)
    turns = Connections(LIMIT).turns
    clock: Iterator[float] = iter(range(10**6))
    monkeypatch.setattr(connections, "monotonic", lambda: next(clock))
    for connection in (large, small, broken):
        turns.ask(connection)
    loops = 0
    while large.pieces:
        await asyncio.sleep(0)
        loops += 1
    assert order[:4] == [large, small, broken, large]
    assert loops >= 50
    assert broken.hung_up
    assert not large.hung_up


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_body_arrives_whole_and_in_order_however_it_is_cut(listen: Listen, seed: int) -> None:
    dice = random.Random(seed)
    lines = b"".join(b'{"text": "w%d and more"}\n' % number for number in range(2000))
    wire = POST.replace(b"/analyze", b"/analyze/batch").replace(b"/json", b"/x-ndjson")
    wire += b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    at = 0
    while at < len(lines):
        size = dice.choice([1, 20, 100, 5000])
        wire += b"%x\r\n%s\r\n" % (len(lines[at : at + size]), lines[at : at + size])
        at += size
    wire += b"0\r\n\r\n"
    cuts = [dice.randrange(1, 60_000) for _ in range(1000)]
    with listen() as port:
        parts: list[bytes] = []
        begin = 0
        while begin < len(wire):
            parts.append(wire[begin : begin + cuts[len(parts)]])
            begin += len(parts[-1])
        answer = talk(port, *parts)
    summaries = [f'"text":"w{number}"'.encode() for number in range(2000)]
    assert all(summary in answer for summary in summaries)
    assert b'"problem"' not in answer
    assert answer.endswith(b"\r\n0\r\n\r\n")


def test_a_large_body_in_one_piece_is_answered(listen: Listen) -> None:
    with listen() as port:
        status, answer = post(port, json.dumps({"text": "rain " * 300_000}))
        assert (status, answer["summary"]["text"]) == (200, "rain")
