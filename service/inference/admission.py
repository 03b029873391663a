"""How many articles each lane may hold, and how many tokens once these are known."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from service.errors import QueueFull
from service.inference.batching import Lane
from service.inference.capacity import CapacityLimiter
from service.inference.metrics import Metrics
from service.inference.throughput import Throughput
from service.settings import Settings

MAX_RETRY_AFTER_S = 60
TOKENS_AN_ITEM = 1024
"""A lane of `max_queue_items` articles may hold so many tokens for each of them."""


class Admission:
    """Interactive articles get in or raise QueueFull; bulk waits for room."""

    def __init__(self, settings: Settings, throughput: Throughput, metrics: Metrics) -> None:
        self._items = {lane: CapacityLimiter(settings.max_queue_items) for lane in Lane}
        max_tokens = settings.max_queue_items * TOKENS_AN_ITEM
        self._tokens = {lane: CapacityLimiter(max_tokens) for lane in Lane}
        self._throughput = throughput
        self._metrics = metrics

    @asynccontextmanager
    async def items(self, lane: Lane, items: int = 1) -> AsyncIterator[None]:
        """Holds room for articles of a lane while the context lasts."""
        async with self._held(self._items, lane, items):
            self._metrics.queued(lane, items=items)
            try:
                yield
            finally:
                self._metrics.queued(lane, items=-items)

    @asynccontextmanager
    async def tokens(self, lane: Lane, tokens: int) -> AsyncIterator[None]:
        """Holds room for the tokens of articles while the context lasts."""
        async with self._held(self._tokens, lane, tokens):
            self._metrics.queued(lane, tokens=tokens)
            try:
                yield
            finally:
                self._metrics.queued(lane, tokens=-tokens)

    def retry_after_s(self, lane: Lane) -> int:
        """When a lane will have room, from its tokens and the pace of the model as measured."""
        wait_s = self._throughput.seconds_for(self._tokens[lane].used)
        return max(1, min(MAX_RETRY_AFTER_S, math.ceil(wait_s)))

    @asynccontextmanager
    async def _held(
        self, limiters: Mapping[Lane, CapacityLimiter], lane: Lane, amount: int
    ) -> AsyncIterator[None]:
        limiter = limiters[lane]
        if lane is Lane.BULK:
            await limiter.take(amount)
        elif not limiter.try_take(amount):
            raise QueueFull("The queue is full; try again later.", self.retry_after_s(lane))
        try:
            yield
        finally:
            limiter.give(amount)
