"""Calls that block, such as those of a database, made from an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """What a call in a thread returns. A cancellation waits for its end.

    The call may hold a connection.
    """
    calling = asyncio.create_task(asyncio.to_thread(call))
    try:
        return await asyncio.shield(calling)
    except asyncio.CancelledError:
        await asyncio.wait([calling])
        raise
