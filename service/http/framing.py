"""HTTP/1.1 messages, read strictly: what two readers could take differently is refused.

h11 accepts a bare LF, a folded field, both ways to give the length of a body, and a header section
of any size that comes in one piece. A proxy in front of this service may read those differently
(RFC 9112, section 11.2), so they end the connection here.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

import h11

from service.errors import HeaderTooLarge, MalformedRequest, ServiceError, TargetTooLong

MAX_HEADER_BYTES = 32 * 1024  # the request line and all fields
MAX_FIELDS = 100
MAX_CHUNK_HEAD_BYTES = 1024  # the size of a chunk with its extensions, and the trailer section
FREE_CHUNKS = 4096  # of any size; then they must have MIN_CHUNK_BYTES on average
MIN_CHUNK_BYTES = 16
EVENTS_A_TURN = 64
VERSIONS = frozenset({b"1.0", b"1.1"})
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class StrictConnection(h11.Connection):
    """The server's end of a connection. `refusal` says why the last message was refused.

    After EVENTS_A_TURN events it asks for data although there are more, and `is_cut` until
    `begin_turn`: a body in chunks of one byte is a thousand times as much work as one in one piece.
    """

    def __init__(self) -> None:
        super().__init__(h11.SERVER, MAX_HEADER_BYTES)
        self.refusal: ServiceError | None = None
        self._events_left = EVENTS_A_TURN
        self._chunks = 0
        self._body_bytes = 0

    @property
    def is_cut(self) -> bool:
        """Whether there may be events for which there was no time."""
        return self._events_left == 0

    def begin_turn(self) -> None:
        """Let events come again."""
        self._events_left = EVENTS_A_TURN

    def next_event(self) -> Any:
        """The next event, as h11 has it. Raises RemoteProtocolError for what is refused."""
        if self.is_cut:
            return h11.NEED_DATA
        self._events_left -= 1
        try:
            if self.their_state is h11.IDLE:
                check_head(self.trailing_data[0])
            event = super().next_event()
            self._check(event)
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
                self.refusal = _chunk_head_too_large()
            raise
        except ServiceError as refusal:
            self.refusal = refusal
            raise h11.RemoteProtocolError(str(refusal)) from refusal
        return event

    def _check(self, event: Any) -> None:
        if isinstance(event, h11.Request):
            self._chunks = self._body_bytes = 0
            check_framing(event)
        elif isinstance(event, h11.Data):
            self._chunks += event.chunk_start
            self._body_bytes += len(event.data)
            if self._chunks > max(FREE_CHUNKS, self._body_bytes // MIN_CHUNK_BYTES):
                raise MalformedRequest(
                    f"The chunks have less than {MIN_CHUNK_BYTES} bytes on average; send more at "
                    "a time."
                )
        elif (
            event is h11.NEED_DATA
            and self.their_state is h11.SEND_BODY
            and len(self.trailing_data[0]) > MAX_CHUNK_HEAD_BYTES
        ):
            raise _chunk_head_too_large()


def _chunk_head_too_large() -> HeaderTooLarge:
    return HeaderTooLarge(
        f"The first line of a chunk, and the trailers, have {MAX_CHUNK_HEAD_BYTES} bytes at most."
    )


def check_head(received: bytes) -> None:
    """Checks the header section that begins here, as far as it has come.

    Raises TargetTooLong, HeaderTooLarge or MalformedRequest.
    """
    end = received.find(b"\r\n\r\n")
    head = received if end < 0 else received[: end + 4]
    if len(head) > MAX_HEADER_BYTES:
        if b"\n" not in head[:MAX_HEADER_BYTES]:
            raise TargetTooLong(f"The request line has more than {MAX_HEADER_BYTES} bytes.")
        raise HeaderTooLarge(f"The header section has more than {MAX_HEADER_BYTES} bytes.")
    lines = head.count(b"\n")
    if lines > MAX_FIELDS + 2:  # the request line and the empty one at the end
        raise HeaderTooLarge(f"The request has more than {MAX_FIELDS} header fields.")
    ends = head.count(b"\r\n")
    returns = head.count(b"\r") - (end < 0 and head.endswith(b"\r"))
    folds = b"\n " in head or b"\n\t" in head
    if lines != ends or returns != ends or folds or _CONTROL.search(head):
        raise MalformedRequest(
            "End each line of the header section with CR LF, and leave out control characters."
        )


def check_framing(request: h11.Request) -> None:
    """Raises MalformedRequest where two readers could disagree on where the body ends."""
    if request.http_version not in VERSIONS:
        raise MalformedRequest("Send the request as HTTP/1.1.")
    names = {name for name, _ in request.headers}
    if b"transfer-encoding" not in names:
        return
    if b"content-length" in names:
        raise MalformedRequest("Send Content-Length or Transfer-Encoding, not both.")
    if request.http_version == b"1.0":
        raise MalformedRequest("HTTP/1.0 has no Transfer-Encoding; send Content-Length.")
