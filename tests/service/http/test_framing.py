"""A message that two readers could take differently ends the connection, and so does a huge one."""

from __future__ import annotations

import json
import logging
import socket

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.http import framing
from service.http.framing import (
    EVENTS_A_TURN,
    FREE_CHUNKS,
    MAX_FIELDS,
    MAX_HEADER_BYTES,
    StrictConnection,
)
from tests.service.http.test_protocol import HOST, POST, is_ready, talk
from tests.support.service_fixtures import Listen

NEXT = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
BODY = b'{"text": "Rain fell."}'
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
GET = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n"


def refused(answer: bytes, status: int, kind: str) -> None:
    """One answer, a problem, and nothing behind it."""
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert answer.count(b"content-length: ") == 1
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["type"] == f"urn:nutgraf:problem:{kind}"


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(
            POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, id="two framings"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED, id="and reversed"
        ),
        pytest.param(
            POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
            id="chunks in HTTP/1.0",
        ),
        pytest.param(POST + LENGTH + b"Content-Length: 1\r\n\r\n" + BODY, id="two lengths"),
        pytest.param(POST + b"Content-Length: 22, 1\r\n\r\n" + BODY, id="a list of lengths"),
        pytest.param(POST + b"Content-Length: +22\r\n\r\n" + BODY, id="a signed length"),
        pytest.param(POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", id="gzip, chunked"),
        pytest.param(POST + b"Transfer-Encoding: xchunked\r\n\r\n", id="an unknown coding"),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            id="chunked twice",
        ),
        pytest.param(GET + b"X-Folded: a\r\n b\r\n\r\n", id="a folded field"),
        pytest.param(GET + b"X-Folded: a\r\n\tContent-Length: 5\r\n\r\n", id="folded by a tab"),
        pytest.param(GET.replace(b"\r\n", b"\n") + b"\n", id="bare LF"),
        pytest.param(GET + b"X-A: b\nX-C: d\r\n\r\n", id="one bare LF"),
        pytest.param(GET + b"X-A: b\rX-C: d\r\n\r\n", id="a bare CR"),
        pytest.param(GET + b"X-A : b\r\n\r\n", id="a space before the colon"),
        pytest.param(GET + b"X-A: b\x00c\r\n\r\n", id="a NUL"),
        pytest.param(GET + b"X-A: b\x0bc\r\n\r\n", id="a control character"),
        pytest.param(GET.replace(b"HTTP/1.1", b"HTTP/2.0") + b"\r\n", id="another version"),
        pytest.param(GET.replace(b" HTTP/1.1", b"") + b"\r\n", id="no version"),
        pytest.param(b"\r\n" + GET + b"\r\n", id="an empty first line"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n", id="a negative chunk"),
        pytest.param(POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}zz", id="a chunk too long"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_and_nothing_behind_it_answered(
    listen: Listen, request_bytes: bytes
) -> None:
    with listen() as port:
        refused(talk(port, request_bytes + NEXT), 400, "malformed-request")
        assert is_ready(port)


@pytest.mark.parametrize("pieces", [1, 50])
@pytest.mark.parametrize(
    ("request_bytes", "status", "kind"),
    [
        pytest.param(
            GET + b"X-Long: " + b"a" * 66_000 + b"\r\n\r\n", 431, "header-too-large", id="a field"
        ),
        pytest.param(
            GET + b"X-Long: " + b"a" * MAX_HEADER_BYTES + b"\r\n\r\n",
            431,
            "header-too-large",
            id="a field just too long",
        ),
        pytest.param(
            b"GET /livez?" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            414,
            "target-too-long",
            id="a URL",
        ),
        pytest.param(b"A" * 60_000 + b" / HTTP/1.1\r\n\r\n", 414, "target-too-long", id="a method"),
        pytest.param(
            GET + b"A: b\r\n" * MAX_FIELDS + b"\r\n", 431, "header-too-large", id="many fields"
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
            431,
            "header-too-large",
            id="trailers",
        ),
        pytest.param(
            POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 70_000 + b"\r\n",
            431,
            "header-too-large",
            id="an extension of a chunk",
        ),
    ],
)
def test_the_limit_on_headers_holds_however_they_come(
    listen: Listen, request_bytes: bytes, status: int, kind: str, pieces: int
) -> None:
    step = -(-len(request_bytes) // pieces)
    parts = [request_bytes[at : at + step] for at in range(0, len(request_bytes), step)]
    with listen() as port:
        refused(talk(port, *parts), status, kind)
        refused(talk(port, GET + b"\r\n" + parts[0], *parts[1:]).partition(b"}")[2], status, kind)
        assert is_ready(port)


def test_a_header_section_of_just_the_limit_is_read(listen: Listen) -> None:
    head = GET + b"Connection: close\r\nX-Long: "
    with listen() as port:
        answer = talk(port, head + b"a" * (MAX_HEADER_BYTES - len(head) - 4) + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_body_in_chunks_of_one_byte_is_refused(listen: Listen) -> None:
    with listen() as port:
        body = b"1\r\na\r\n" * (2 * FREE_CHUNKS)
        answer = talk(port, POST + b"Transfer-Encoding: chunked\r\n\r\n" + body)
        assert is_ready(port)
    refused(answer, 400, "malformed-request")


def test_a_body_that_breaks_while_it_is_answered_leaves_no_traceback(
    listen: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    bulk = POST.replace(b"/analyze", b"/analyze/batch").replace(b"/json", b"/x-ndjson")
    line = BODY + b"\n"
    with listen() as port:
        for head in (GET, POST.replace(b"/analyze", b"/nowhere")):
            answer = talk(port, head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
            assert answer.count(b"content-length: ") == 1
        with socket.create_connection((HOST, port), timeout=60) as connection:
            connection.sendall(bulk + b"Transfer-Encoding: chunked\r\n\r\n")
            connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            received = b""
            while b'"index":0' not in received:
                received += connection.recv(65536)
            connection.sendall(b"zz\r\n")
            rest = b"".join(iter(lambda: connection.recv(65536), b""))
        assert b"HTTP/1.1" not in rest
        assert not rest.endswith(b"0\r\n\r\n")
        assert is_ready(port)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@settings(max_examples=50)
@given(st.lists(st.integers(1, 40), max_size=300), st.integers(1, 2000))
def test_events_come_in_turns_and_all_of_them(sizes: list[int], step: int) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = [bytes([65 + number % 26]) * size for number, size in enumerate(sizes)]
    wire = head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks) + b"0\r\n\r\n"
    connection = StrictConnection()
    events = []
    for at in range(0, len(wire), step):
        connection.receive_data(wire[at : at + step])
        while True:
            connection.begin_turn()
            turn = list(iter(connection.next_event, h11.NEED_DATA))
            assert len(turn) <= EVENTS_A_TURN
            events += turn
            if not connection.is_cut:
                break
            if isinstance(turn[-1], h11.EndOfMessage):
                break
        if connection.their_state is h11.DONE:
            break
    body = b"".join(event.data for event in events if isinstance(event, h11.Data))
    assert body == b"".join(chunks)
    assert isinstance(events[-1], h11.EndOfMessage)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_refused(wire: bytes) -> None:
    connection = StrictConnection()
    connection.receive_data(wire or b"a")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(framing, "MAX_HEADER_BYTES", 100)
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return
    assert event is h11.NEED_DATA or isinstance(event, h11.Request)
