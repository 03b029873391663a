"""HTTP/1.1 on the wire: uvicorn's h11 protocol with bounds on time and on work.

h11 and not httptools: h11 is strict about what a message is, and `framing` makes it stricter; the
model, not the parser, sets the pace of this service. uvicorn closes idle connections, but waits
without end for headers once a byte has come, and for a client that does not read its answer. It
also parses all that has come at once, which takes seconds where a body comes in chunks of a byte.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.errors import MalformedRequest, ServiceError
from service.http.connections import Connections
from service.http.framing import StrictConnection
from service.http.problems import PROBLEM_TYPE, problem_of

PARSED_BYTES = 16_384  # at a time
UNREAD_TIMEOUT_S = 60.0  # then a client does not read its answer
LINGER_S = 2.0


class BoundedProtocol(H11Protocol):
    """Closes a connection that takes longer than `receipt_timeout_s` to send a request's headers.

    The same clock runs for what a client goes on sending after its answer: a body that was
    refused is read and dropped for as long, so that the client sees the refusal. What is received
    is parsed a little at a time, and nothing more is read in the meantime.
    """

    def __init__(
        self, receipt_timeout_s: float, connections: Connections, *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.conn: StrictConnection = StrictConnection()
        self._receipt_timeout_s = receipt_timeout_s
        self._connections = connections
        self._received = bytearray()  # and not parsed yet
        self._is_refused = False
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Flow(transport, self._go_on)
        self._watch()
        self._connections.open(self)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._received += data
        self.transport.pause_reading()
        self._connections.turns.ask(self)

    def parse_some(self) -> bool:
        """Parse the next of what was received; whether there is more that may be parsed."""
        if not (self._is_refused or self.flow.read_paused or self.transport.is_closing()):
            self._parse()
            self._watch()
        if self._is_refused or self.transport.is_closing():
            self._received.clear()
        if self._has_more or self.flow.read_paused:
            self.transport.pause_reading()  # uvicorn may have resumed it
        else:
            self.transport.resume_reading()
        return self._has_more and not self.flow.read_paused

    def _parse(self) -> None:
        was_cut = self.conn.is_cut
        self.conn.begin_turn()
        if was_cut:
            self.handle_events()
        elif self._received:
            data = bytes(self._received[:PARSED_BYTES])
            del self._received[:PARSED_BYTES]
            super().data_received(data)

    @property
    def _has_more(self) -> bool:
        if self._is_refused or self.transport.is_closing():
            return False
        return bool(self._received) or self.conn.is_cut

    def connection_lost(self, exc: Exception | None) -> None:
        self._received.clear()
        self._connections.close(self)
        self._unwatch()
        self.resume_writing()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        self.conn.begin_turn()
        super().on_response_complete()
        self._go_on()
        if self.transport.is_closing():
            self.hang_up()
        elif self._awaits_request:
            self._connections.idle(self)

    def timeout_keep_alive_handler(self) -> None:
        if not self.transport.is_closing():
            super().timeout_keep_alive_handler()
            self.hang_up()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def send_400_response(self, msg: str) -> None:
        """Answer what is refused with a problem, where uvicorn has plain text."""
        self.refuse(self.conn.refusal or MalformedRequest("This is not a valid HTTP/1.1 request."))

    def refuse(self, error: ServiceError) -> None:
        """Answer with a problem, unless an answer has begun, and close the connection.

        What the client still sends is dropped for LINGER_S: to close at once would reset the
        connection, and the client might not see the answer (RFC 9112, section 9.6).
        """
        self._is_refused = True
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send_problem(error)
        if not self._awaits_request:  # the application may still send: it is dropped
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._unwatch()
        self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER_S, self.transport.abort)

    def hang_up(self) -> None:
        """Close the connection, and before long whether or not the client reads what was said."""
        self._unwatch()
        self.transport.close()
        self._deadline = self.loop.call_later(self._receipt_timeout_s, self.transport.abort)

    @property
    def _awaits_request(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _send_problem(self, error: ServiceError) -> None:
        problem = problem_of(error)
        body = json.dumps(problem.to_json()).encode()
        headers = [("content-type", PROBLEM_TYPE), ("connection", "close")]
        headers.append(("content-length", str(len(body))))
        if error.retry_after_s is not None:
            headers.append(("retry-after", str(error.retry_after_s)))
        events = (
            h11.Response(status_code=problem.status, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")

    def _go_on(self) -> None:
        """The application takes more: first what is here already."""
        if self._has_more:
            self._connections.turns.ask(self)
        elif not self.flow.read_paused:
            self.transport.resume_reading()

    def _watch(self) -> None:
        if not self._awaits_request:
            self._connections.busy(self)
            self._unwatch()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self._receipt_timeout_s, self.hang_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Flow(FlowControl):
    """uvicorn's flow control, where reading goes on by way of `go_on`."""

    def __init__(self, transport: asyncio.Transport, go_on: Callable[[], None]) -> None:
        super().__init__(transport)
        self._go_on = go_on

    def resume_reading(self) -> None:
        if self.read_paused:
            self.read_paused = False
            self._go_on()
