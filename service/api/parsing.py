"""Articles from JSON, outside the event loop where that takes long.

Each lane has a thread. While a large body is parsed the loop waits for one C call at most, and bulk
keeps no single article waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from models.article import Article
from service.api.schemas import read_article
from service.http.strict_json import decode, loads
from service.inference.batching import Lane

AT_ONCE_BYTES = 8192  # takes a millisecond at most

T = TypeVar("T")


class Parser:
    """The threads that parse; `close` ends them."""

    def __init__(self) -> None:
        self._pools = {lane: ThreadPoolExecutor(1, f"parse-{lane}") for lane in Lane}

    async def article(self, document: bytes, lane: Lane) -> Article:
        """The article in a JSON text. Raises MalformedBody and InvalidRequest."""
        return await self.parse(document, lane, read_article)

    async def parse(self, document: bytes, lane: Lane, read: Callable[[Any], T]) -> T:
        """What `read` makes of a JSON text. Raises MalformedBody, and what `read` raises."""
        if lane is Lane.INTERACTIVE and len(document) <= AT_ONCE_BYTES:
            return read(loads(decode(document)))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pools[lane], lambda: read(loads(decode(document))))

    def close(self) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
