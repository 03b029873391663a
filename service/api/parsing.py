"""Articles from JSON, outside the event loop where that takes long.

A thread for each lane: while a large body is parsed the loop waits for one C call at most, and a
bulk array keeps no single article waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from models.article import Article
from service.api.schemas import read_article
from service.errors import BodyTooLarge
from service.http.strict_json import decode, loads, split_array
from service.inference.batching import Lane

AT_ONCE_BYTES = 8192  # takes a millisecond at most

T = TypeVar("T")


class Parser:
    """The threads that parse; `close` ends them."""

    def __init__(self) -> None:
        self._pools = {lane: ThreadPoolExecutor(1, f"parse-{lane}") for lane in Lane}

    async def article(self, document: bytes | str, lane: Lane) -> Article:
        """The article in a JSON text. Raises MalformedBody and InvalidRequest."""
        if lane is Lane.INTERACTIVE and len(document) <= AT_ONCE_BYTES:
            return _article(document)
        return await self._run(lane, lambda: _article(document))

    async def items(
        self, body: bytes, max_items: int, max_bytes: int
    ) -> Sequence[str | BodyTooLarge]:
        """The items of a JSON array, unparsed; one past `max_bytes` stands as a BodyTooLarge.

        Raises MalformedBody, InvalidRequest and TooManyItems.
        """
        return await self._run(Lane.BULK, lambda: _items(body, max_items, max_bytes))

    async def _run(self, lane: Lane, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pools[lane], work)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)


def _article(document: bytes | str) -> Article:
    text = decode(document) if isinstance(document, bytes) else document
    return read_article(loads(text))


def _items(body: bytes, max_items: int, max_bytes: int) -> Sequence[str | BodyTooLarge]:
    too_large = BodyTooLarge(f"The article is longer than {max_bytes} bytes.")
    items = split_array(decode(body), max_items)
    return [item if len(item.encode()) <= max_bytes else too_large for item in items]
