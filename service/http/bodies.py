"""The body of a request, read within its limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection

from starlette.requests import ClientDisconnect, Request

from service.archive.formats import JSONL
from service.errors import BodyTooLarge, ClientGone, ReceiptTimeout, UnsupportedMedia
from service.http.header_values import HeaderValue, parse_value

JSON = "application/json"
NDJSON = JSONL.media_types[0]
FORM = "multipart/form-data"
CHARSETS = frozenset({"utf-8", "utf8", "us-ascii"})
MIN_BYTES_PER_S = 1024  # of an archive, on average
BLANK_LINES_A_TURN = 256
NDJSON_NAMES = frozenset(JSONL.media_types)


def media_type(request: Request, allowed: Collection[str]) -> HeaderValue:
    """The media type of the body. Raises UnsupportedMedia on another, or on a compressed body."""
    headers = request.headers.getlist("content-type")
    found = parse_value(headers[0]) if len(headers) == 1 else None
    if found is None or found.name not in allowed:
        raise UnsupportedMedia(f"Send the body as Content-Type: {' or '.join(sorted(allowed))}.")
    if any("*" in name for name in found.parameters):
        raise UnsupportedMedia("Send the parameters of the Content-Type as they are: name=value.")
    if found.parameters.get("charset", "utf-8").lower() not in CHARSETS:
        raise UnsupportedMedia("Encode the body as UTF-8; no other charset is read.")
    encodings = request.headers.getlist("content-encoding")
    if any(encoding.lower() != "identity" for encoding in encodings):
        raise UnsupportedMedia("Send the body as it is; compressed bodies are not read.")
    return found


async def read_body(request: Request, limit_bytes: int, timeout_s: float) -> bytes:
    """The whole body.

    Raises BodyTooLarge past `limit_bytes`, before more is read, and ReceiptTimeout when the body is
    not there after `timeout_s`.
    """
    too_large = BodyTooLarge(f"The body is longer than {limit_bytes} bytes; send less at a time.")
    if _declared_bytes(request) > limit_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit_bytes:
                    raise too_large
    except TimeoutError:
        raise ReceiptTimeout(f"The body was not complete after {timeout_s:g} s.") from None
    except ClientDisconnect:
        raise ClientGone("The client has gone.") from None
    return bytes(body)


async def read_lines(
    request: Request, limit_bytes: int, timeout_s: float
) -> AsyncIterator[bytes | BodyTooLarge]:
    """The lines of the body as they come, blank ones left out.

    A line past `limit_bytes` is dropped as it is read and stands as a BodyTooLarge. Raises
    ReceiptTimeout when no line ends for `timeout_s`, whatever else comes.
    """
    now_s = asyncio.get_running_loop().time
    stream = request.stream()
    line = _Line(limit_bytes)
    ends_s = now_s() + timeout_s
    while (chunk := await _next_chunk(stream, ends_s - now_s())) is not None:
        *ended, rest = chunk.split(b"\n")
        for number, part in enumerate(ended, 1):
            line.add(part)
            if (whole := line.take()) is not None:
                yield whole
                ends_s = now_s() + timeout_s
            elif number % BLANK_LINES_A_TURN == 0:
                await asyncio.sleep(0)
        line.add(rest)
    if (whole := line.take()) is not None:
        yield whole


class _Line:
    """A line in the making, no longer than its limit in memory."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = bytearray()
        self._too_large = False

    def add(self, part: bytes) -> None:
        if self._too_large or len(self._bytes) + len(part) > self._limit_bytes:
            self._too_large = True
            self._bytes.clear()
        else:
            self._bytes += part

    def take(self) -> bytes | BodyTooLarge | None:
        """The line so far; None if it is blank."""
        line, too_large = bytes(self._bytes), self._too_large
        self._bytes.clear()
        self._too_large = False
        if too_large:
            return BodyTooLarge(f"The line is longer than {self._limit_bytes} bytes.")
        return line if line.strip() else None


async def read_chunks(request: Request, timeout_s: float) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises ReceiptTimeout when nothing comes for `timeout_s`, and when less than MIN_BYTES_PER_S
    comes on average, after as long.
    """
    now_s = asyncio.get_running_loop().time
    stream = request.stream()
    left_s, began_s = timeout_s, now_s()
    while (chunk := await _next_chunk(stream, left_s)) is not None:
        earned_s = len(chunk) / MIN_BYTES_PER_S
        left_s = min(timeout_s, left_s - (now_s() - began_s) + earned_s)
        yield chunk
        began_s = now_s()


async def _next_chunk(stream: AsyncIterator[bytes], timeout_s: float) -> bytes | None:
    """The next bytes of a body; None at its end. Raises ReceiptTimeout or ClientGone."""
    if timeout_s <= 0:
        raise _too_slow()
    try:
        async with asyncio.timeout(timeout_s):
            return await anext(stream, None)
    except TimeoutError:
        raise _too_slow() from None
    except ClientDisconnect:
        raise ClientGone("The client has gone.") from None


def _too_slow() -> ReceiptTimeout:
    return ReceiptTimeout("The body came too slowly, or nothing of use in it; send it faster.")


def _declared_bytes(request: Request) -> int:
    declared = request.headers.get("content-length", "0")
    return int(declared) if declared.isdecimal() else 0
