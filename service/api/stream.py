"""Many articles in one call: lines out as they finish, a bounded number in between.

Memory does not grow with the stream. Articles wait in a window of items and bytes, finished lines
in another. While both are full nothing more is read from the client.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.errors import ClientGone, ServiceError
from service.http.bodies import NDJSON
from service.http.problems import problem_of
from service.inference.answer import Answer, as_json
from service.inference.capacity import CapacityLimiter

MAX_CALLS = 16
WINDOW_ITEMS = 128
WINDOW_BYTES = 8 * 2**20
# So many bytes of finished lines are kept for a client that sends everything before it reads.
OUTBOX_BYTES = 8 * 2**20
SEND_TIMEOUT_S = 60.0

Document = bytes | ServiceError
Documents = AsyncIterator[Document]
Analyze = Callable[[bytes], Awaitable[Answer]]

logger = logging.getLogger("nutgraf.bulk")


async def begun(documents: Documents) -> Documents:
    """The same stream, once its first document is there. Raises what it raises until then."""
    first = await anext(documents, None)

    async def all_of_them() -> Documents:
        if first is not None:
            yield first
        async for document in documents:
            yield document

    return all_of_them()


class BulkResponse(Response):
    """A stream of lines, written while the request's body is still being read.

    Starlette's StreamingResponse would read the body itself, to see the client leave. One of
    `calls` was taken for it, and is given back at its end.
    """

    media_type = NDJSON

    def __init__(self, documents: Documents, analyze: Analyze, calls: CapacityLimiter) -> None:
        self.status_code = 200
        self.background = None
        self.init_headers()
        self._call = BulkCall(documents, analyze)
        self._calls = calls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def write(chunk: bytes, more: bool = True) -> None:
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await send({"type": "http.response.body", "body": chunk, "more_body": more})
            except TimeoutError:
                raise ClientGone("The client does not read its answer.") from None

        try:
            headers = self.raw_headers
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._call.run(write, receive)
            await write(b"", False)
        except* ClientGone:  # without its last chunk, so that it is not taken for whole
            scope["state"]["noted"] = {"client_gone": True}
        finally:
            self._calls.give(1)


class BulkCall:
    """The articles of one call, from their lines to the lines of the answer."""

    def __init__(self, documents: Documents, analyze: Analyze) -> None:
        self._documents = documents
        self._analyze = analyze
        self._items = CapacityLimiter(WINDOW_ITEMS)
        self._bytes = CapacityLimiter(WINDOW_BYTES)
        self._outbox_bytes = CapacityLimiter(OUTBOX_BYTES)
        self._outbox: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def run(self, write: Callable[[bytes], Awaitable[None]], receive: Receive) -> None:
        """Read all documents, write a line for each. Raises a group of ClientGone if it goes."""
        async with asyncio.TaskGroup() as ends:
            ends.create_task(self._write(write))
            async with asyncio.TaskGroup() as articles:
                await self._read(articles)
                departure = ends.create_task(_departure(receive))
            departure.cancel()
            self._outbox.put_nowait(None)

    async def _read(self, articles: asyncio.TaskGroup) -> None:
        index = 0
        try:
            async for document in self._documents:
                await self._items.take(1)
                await self._bytes.take(_size(document))
                articles.create_task(self._answer(index, document))
                index += 1
                await asyncio.sleep(0)  # lets others run between many short lines
        except ClientGone:
            raise
        except ServiceError as error:  # the stream ends here: what follows was not read
            await self._put(_problem(index, error))

    async def _answer(self, index: int, document: Document) -> None:
        try:
            if isinstance(document, ServiceError):
                raise document
            line = _line(index, await self._analyze(document))
        except Exception as error:
            line = _problem(index, error)
        await self._put(line)
        self._items.give(1)
        self._bytes.give(_size(document))

    async def _put(self, line: bytes) -> None:
        await self._outbox_bytes.take(len(line))
        self._outbox.put_nowait(line)

    async def _write(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        while (line := await self._outbox.get()) is not None:
            await write(line)
            self._outbox_bytes.give(len(line))


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ClientGone("The client has gone.")


def _size(document: Document) -> int:
    return 0 if isinstance(document, ServiceError) else len(document)


def _line(index: int, answer: Answer) -> bytes:
    return b'{"index":%d,"answer":%s}\n' % (index, as_json(answer))


def _problem(index: int, error: Exception) -> bytes:
    problem = problem_of(error)
    if problem.status == 500:
        logger.error("an article failed", exc_info=error)
    return json.dumps({"index": index, "problem": problem.to_json()}).encode() + b"\n"
