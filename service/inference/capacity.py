"""An amount that may be in use at a time: articles or tokens of a lane, bytes of a stream."""

from __future__ import annotations

import asyncio
from collections import deque


class CapacityLimiter:
    """At most `limit` in use; a single taker larger than that has it alone.

    Belongs to one event loop. `take` waits its turn, first come first served; `try_take` never
    waits.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def try_take(self, amount: int) -> bool:
        """Take `amount` if it is free and nobody waits for it; whether it was taken."""
        if self._waiting or not self._fits(amount):
            return False
        self.used += amount
        return True

    async def take(self, amount: int) -> None:
        """Take `amount`, waiting until it is free."""
        if self.try_take(amount):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((amount, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._wake()
            else:  # its turn had come already
                self.give(amount)
            raise

    def give(self, amount: int) -> None:
        """Give back what was taken."""
        self.used -= amount
        self._wake()

    def _fits(self, amount: int) -> bool:
        return self.used == 0 or self.used + amount <= self.limit

    def _wake(self) -> None:
        while self._waiting:
            amount, turn = self._waiting[0]
            if not turn.cancelled():
                if not self._fits(amount):
                    return
                self.used += amount
                turn.set_result(None)
            self._waiting.popleft()
