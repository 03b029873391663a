"""What comes over a real socket: slow, huge, malformed, or gone."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.service_fixtures import Listen
from tests.support.stand_in_model import StandIn

HOST = "127.0.0.1"
MIB = 2**20
POST = b"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


def talk(port: int, *parts: bytes) -> bytes:
    """Everything that the service says until it closes the connection."""
    with socket.create_connection((HOST, port), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def post(port: int, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    headers = {"Content-Type": "application/json", **headers}
    connection.request("POST", "/v1/analyze", body, headers)
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    return response.status, answer


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    connection.request("GET", "/readyz")
    status = connection.getresponse().status
    connection.close()
    return status == 200


def wait_for(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline_s, "it never came to hold"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param((b"",), id="an idle socket"),
        pytest.param((POST,), id="headers without an end"),
        pytest.param((b"P", b"O", b"S"), id="letter by letter"),
    ],
)
def test_a_connection_without_a_request_is_closed(listen: Listen, parts: tuple[bytes]) -> None:
    with listen(receipt_timeout_s=0.2) as port:
        assert talk(port, *parts) == b""
        assert is_ready(port)


def test_dripping_headers_do_not_move_the_deadline(listen: Listen) -> None:
    with listen(receipt_timeout_s=0.3) as port:
        began_s = time.monotonic()
        with socket.create_connection((HOST, port), timeout=60) as connection:
            connection.sendall(POST)
            connection.settimeout(0.02)
            while time.monotonic() - began_s < 10:
                try:
                    connection.sendall(b"X-Slow: 1\r\n")
                    if connection.recv(1) == b"":
                        break
                except TimeoutError:
                    continue
                except OSError:
                    break
        assert time.monotonic() - began_s < 10
        assert is_ready(port)


def test_a_slow_body_is_408(listen: Listen) -> None:
    with listen(receipt_timeout_s=0.2) as port:
        answer = talk(port, POST + b"Content-Length: 100\r\nConnection: close\r\n\r\n", b"{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:nutgraf:problem:receipt-timeout" in answer


def test_a_header_of_20_mb_is_refused_and_closed(listen: Listen) -> None:
    with listen() as port:
        with socket.create_connection((HOST, port), timeout=60) as connection:
            connection.sendall(POST + b"X-Long: ")
            try:
                for _ in range(20):
                    connection.sendall(b"a" * MIB)
                answer = connection.recv(65536)
            except OSError:
                answer = b""  # closed while it was being sent
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
        assert is_ready(port)


@pytest.mark.parametrize(
    ("request_bytes", "kind"),
    [
        pytest.param(b"hello\r\n\r\n", b"malformed-request", id="no HTTP"),
        pytest.param(b"\r\n\r\n", b"malformed-request", id="nothing but ends of lines"),
        pytest.param(
            POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            b"2\r\n{}\r\n0\r\n\r\n",
            b"malformed-request",
            id="two lengths",
        ),
        pytest.param(
            b"GET /livez HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
            b"forbidden-host",
            id="malformed host",
        ),
        pytest.param(
            b"GET /livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
            b"forbidden-host",
            id="other host",
        ),
        pytest.param(
            b"GET /livez HTTP/1.1\r\nHost: localhost:99999\r\nConnection: close\r\n\r\n",
            b"forbidden-host",
            id="no port",
        ),
    ],
)
def test_what_is_no_request_is_a_problem(listen: Listen, request_bytes: bytes, kind: bytes) -> None:
    with listen() as port:
        answer = talk(port, request_bytes)
        assert is_ready(port)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b"urn:nutgraf:problem:" + kind in answer


def peak_memory_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024


def forget_peak_memory() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def chunks(total_bytes: int) -> Iterator[bytes]:
    chunk = b"a" * 65536
    for _ in range(total_bytes // len(chunk)):
        yield chunk


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(lambda: chunks(48 * MIB), {}, 413, id="chunks without end"),
        pytest.param(
            lambda: gzip.compress(b"\0" * 16 * MIB, 1),
            {"Content-Encoding": "gzip"},
            415,
            id="gzip bomb",
        ),
        pytest.param(lambda: b"[" * 100_000, {}, 400, id="100,000 deep"),
        pytest.param(lambda: b"[" + b"[]," * 600_000 + b"[]]", {}, 400, id="2 MiB of brackets"),
    ],
)
def test_hostile_bodies_leave_memory_as_it_was(
    listen: Listen, body: Callable[[], Any], headers: dict[str, str], status: int
) -> None:
    with listen() as port:
        post(port, json.dumps({"text": "a " * 100_000}))
        hostile = body()
        forget_peak_memory()
        before_bytes = peak_memory_bytes()
        assert post(port, hostile, **headers)[0] == status
        assert peak_memory_bytes() - before_bytes < 10 * MIB
        assert is_ready(port)


def test_a_client_that_leaves_is_dropped_before_the_model(listen: Listen, model: StandIn) -> None:
    model.gate.clear()
    with listen() as port:
        body = b'{"text": "held"}'
        head = POST + b"Content-Length: %d\r\n\r\n"
        with socket.create_connection((HOST, port)) as held:
            held.sendall(head % len(body) + body)
            wait_for(lambda: len(model.batches) == 1)
            with socket.create_connection((HOST, port)) as leaves:
                leaves.sendall(head % 16 + b'{"text": "gone"}')
                wait_for(lambda: queued(port) == 2)
            wait_for(lambda: queued(port) == 1)
            model.gate.set()
            assert held.recv(100).startswith(b"HTTP/1.1 200 ")
    assert model.batches == [["held"]]


def queued(port: int) -> int:
    """The interactive articles admitted and unanswered, as the metrics say."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    line = 'nutgraf_queue_items{lane="interactive"} '
    return int(float(text.partition(line)[2].partition("\n")[0]))


def test_lines_come_back_while_the_stream_is_still_being_sent(listen: Listen) -> None:
    with listen() as port, socket.create_connection((HOST, port), timeout=60) as connection:
        connection.sendall(
            b"POST /v1/analyze/batch HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        received = b""
        for number in range(5):
            line = b'{"text": "w%d"}\n' % number
            connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            while b'"index":%d' % number not in received:
                received += connection.recv(65536)
        connection.sendall(b"0\r\n\r\n")
        while not received.endswith(b"\r\n0\r\n\r\n"):
            received += connection.recv(65536)
    assert received.startswith(b"HTTP/1.1 200 ")


BULK = (
    b"POST /v1/analyze/batch HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def trickle(connection: socket.socket, piece: bytes) -> bytes:
    """What comes back while one piece after another is sent in chunks, until the end."""
    received = b""
    connection.settimeout(0.02)
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        try:
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            if (some := connection.recv(65536)) == b"":
                return received
            received += some
        except TimeoutError:
            continue
        except OSError:
            return received
    raise AssertionError("it never ended")


@pytest.mark.parametrize("piece", [b"\n", b" \t\r\n", b"a", b'{"text": "'])
def test_a_stream_that_brings_no_article_ends(listen: Listen, piece: bytes) -> None:
    with listen(receipt_timeout_s=0.3) as port:
        with socket.create_connection((HOST, port)) as connection:
            connection.sendall(BULK)
            answer = trickle(connection, piece)
        assert is_ready(port)
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_stream_that_brings_no_more_articles_ends(listen: Listen) -> None:
    line = b'{"text": "first"}\n'
    with listen(receipt_timeout_s=0.3) as port, socket.create_connection((HOST, port)) as sender:
        sender.sendall(BULK + b"%x\r\n%s\r\n" % (len(line), line))
        answer = trickle(sender, b"\n")
    assert b'"text":"first"' in answer
    assert b"urn:nutgraf:problem:receipt-timeout" in answer


def test_streams_without_an_article_take_no_call(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.lifecycle.MAX_CALLS", 1)
    line = b'{"text": "mine"}\n'
    with listen() as port, socket.create_connection((HOST, port), timeout=60) as idle:
        idle.sendall(BULK + b"1\r\n\n\r\n")
        answer = talk(
            port,
            BULK.replace(b"Host", b"Connection: close\r\nHost")
            + b"%x\r\n%s\r\n0\r\n\r\n" % (len(line), line),
        )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b'"text":"mine"' in answer


@pytest.mark.parametrize("kind", [b"application/x-ndjson", b"text/csv"])
def test_an_archive_that_trickles_is_408(
    listen: Listen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: bytes
) -> None:
    monkeypatch.setattr("service.http.bodies.MIN_BYTES_PER_S", 100_000)
    head = BULK.replace(b"/v1/analyze/batch", b"/v1/jobs").replace(b"application/x-ndjson", kind)
    with listen(receipt_timeout_s=0.3, data=tmp_path) as port:
        with socket.create_connection((HOST, port)) as connection:
            connection.sendall(head)
            answer = trickle(connection, b"text and more\n")
        assert is_ready(port)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert list((tmp_path / "jobs").iterdir()) == []
