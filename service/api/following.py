"""A service that follows a registry: what is promoted there serves here, without a failed request.

The file of the registry is looked at, and not what may notify of a change: that works between
machines that share a directory, and what was missed once is seen at the next look.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from models.errors import NutgrafError
from service import current

LOOK_S = 1.0
"""Seconds between two looks at the registry."""
RETRY_S = (1.0, 5.0, 30.0, 60.0)
"""Seconds to wait after a failed reload, longer each time; a change of the file ends the wait."""

Stamp = tuple[int, int, int] | None

logger = logging.getLogger("nutgraf.registry")


class Follower:
    """Reloads when the current version is not the one that answers, whose digest `answering` is."""

    def __init__(
        self,
        registry: Path,
        answering: Callable[[], str],
        reload: Callable[[], Awaitable[object]],
    ) -> None:
        self._registry = registry
        self._answering = answering
        self._reload = reload
        self._failures = 0
        self._wait_s = 0.0
        self._seen: Stamp = None

    async def run(self) -> None:
        """Follow until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once, and reload where another version is current."""
        stamp = await asyncio.to_thread(_stamp, self._registry / current.CURRENT)
        self._wait_s -= LOOK_S
        if stamp == self._seen and (not self._failures or self._wait_s > 0):
            return
        self._failures = self._failures if stamp == self._seen else 0
        self._seen = stamp
        try:
            found, _ = await asyncio.to_thread(current.read, self._registry)
            if found.digest != self._answering():
                await self._reload()
            self._failures = 0
        except Exception as error:
            self._wait_s = RETRY_S[min(self._failures, len(RETRY_S) - 1)]
            self._failures += 1
            told = {"reason": str(error), "retry_s": self._wait_s}
            is_told = isinstance(error, NutgrafError)
            logger.error("not reloaded; the old model goes on", extra=told, exc_info=not is_told)


def _stamp(path: Path) -> Stamp:
    """Differs where a file was replaced; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
