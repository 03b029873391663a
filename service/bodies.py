"""The body of a request, read within its limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from email.message import Message

from starlette.requests import ClientDisconnect, Request

from service.errors import BodyTooLarge, ClientGone, ReceiptTimeout, UnsupportedMedia

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
FORM = "multipart/form-data"
NDJSON_NAMES = frozenset({NDJSON, "application/ndjson", "application/jsonl"})


def media_type(request: Request, allowed: Collection[str]) -> str:
    """The media type of the body. Raises UnsupportedMedia on another, or on a compressed body."""
    header = Message()
    header["content-type"] = request.headers.get("content-type", "")
    found = header.get_content_type() if header["content-type"] else ""
    if found not in allowed:
        raise UnsupportedMedia(f"Send the body as Content-Type: {' or '.join(sorted(allowed))}.")
    charset = header.get_content_charset("utf-8")
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMedia("Encode the body as UTF-8; no other charset is read.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
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
    ReceiptTimeout when nothing comes for `timeout_s`.
    """
    line = _Line(limit_bytes)
    async for chunk in read_chunks(request, timeout_s):
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            line.add(part)
            if (whole := line.take()) is not None:
                yield whole
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
    """The body as it comes. Raises ReceiptTimeout when nothing comes for `timeout_s`."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(timeout_s):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ReceiptTimeout(f"Nothing was sent for {timeout_s:g} s.") from None
        except ClientDisconnect:
            raise ClientGone("The client has gone.") from None
        yield chunk


def _declared_bytes(request: Request) -> int:
    declared = request.headers.get("content-length", "0")
    return int(declared) if declared.isdecimal() else 0
