"""How files are sent: the scores of a job, and its rejected rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import FileResponse
from starlette.types import Message, Receive, Scope, Send

from service.errors import MalformedRequest, RangeRefused


class Download(FileResponse):
    """A file, whole or in byte ranges (RFC 9110, section 14), with an ETag for If-Range.

    Raises RangeRefused or MalformedRequest where Starlette would answer in plain text.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start":
                _check(message)
            await send(message)

        await super().__call__(scope, receive, checked)


def _check(start: Mapping[str, Any]) -> None:
    if start["status"] == 416:
        size_bytes = int(dict(start["headers"])[b"content-range"].rpartition(b"/")[2])
        raise RangeRefused(f"The file has {size_bytes} bytes; ask for some of these.", size_bytes)
    if start["status"] == 400:
        raise MalformedRequest("The Range header cannot be read; ask for bytes=FIRST-LAST.")
