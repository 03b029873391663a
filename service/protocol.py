"""HTTP/1.1 on the wire: uvicorn's h11 protocol with a deadline for the receipt of a request.

h11 and not httptools: h11 bounds the header section (`h11_max_incomplete_event_size`), while
httptools takes headers of any size; the model, not the parser, sets the pace of this service.
uvicorn itself closes idle connections, but waits without end for headers once a byte has come.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.errors import PROBLEM_TYPE, MalformedRequest, problem_of

MAX_HEADER_BYTES = 32 * 1024


class BoundedProtocol(H11Protocol):
    """Closes a connection that takes longer than `receipt_timeout_s` to send a request's headers.

    The same clock runs for what a client goes on sending after its answer: a body that was
    refused is read and dropped for as long, so that the client sees the refusal.
    """

    def __init__(self, receipt_timeout_s: float, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._receipt_timeout_s = receipt_timeout_s
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP with a problem, where uvicorn has plain text."""
        problem = problem_of(MalformedRequest("This is not a valid HTTP/1.1 request."))
        body = json.dumps(problem.to_json()).encode()
        headers = [("content-type", PROBLEM_TYPE), ("connection", "close")]
        headers.append(("content-length", str(len(body))))
        events = (
            h11.Response(status_code=problem.status, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        awaits_request = self.cycle is None or self.cycle.response_complete
        if not awaits_request:
            self._unwatch()
        elif self._deadline is None and not self.transport.is_closing():
            self._deadline = self.loop.call_later(self._receipt_timeout_s, self.transport.close)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
