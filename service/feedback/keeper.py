"""Answers are kept behind the back of their requests: no request waits for the database.

What cannot be written, or written in time, is not kept; the log says so once. Beside that, what is
too old is erased again and again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from models.analysis import TopicAnalysis
from models.article import Article
from service.database.outage import Outage
from service.database.threads import in_thread
from service.feedback.store import FeedbackStore, KeptAnswer
from service.inference.answer import Answer, as_json

MAX_WAITING = 64
"""Answers that wait to be written; more are not kept."""
SWEEP_S = 60.0
LAST_WRITE_S = 5.0
KEEPING, ERASING = "keeping", "erasing"

Offer = tuple[str, str, Article, Answer]

logger = logging.getLogger("nutgraf.feedback")


class Feedback:
    """The feedback of one service, used in one event loop. `run` writes and erases in turn."""

    def __init__(self, store: FeedbackStore, *, keeps_texts: bool) -> None:
        self.store = store
        self.keeps_texts = keeps_texts
        self._offers: asyncio.Queue[Offer] = asyncio.Queue(MAX_WAITING)
        self._outage = Outage(
            logger, "feedback cannot be kept or erased", "feedback is kept and erased again"
        )

    def keep(self, owner: str, request_id: str, article: Article, answer: Answer) -> None:
        """Keep an answer, where texts are kept at all. Never waits and never fails."""
        if self.keeps_texts:
            with suppress(asyncio.QueueFull):
                self._offers.put_nowait((owner, request_id, article, answer))

    async def settle(self) -> None:
        """Wait until each answer that was given is kept, or could not be."""
        await self._offers.join()

    async def settle_at_end(self) -> None:
        """The same, for a moment only."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WRITE_S):
                await self.settle()

    async def run(self) -> None:
        """Write and erase until cancelled. No error of the database ends this."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._write())
            tasks.create_task(self._sweep())

    async def _write(self) -> None:
        while True:
            offers = [await self._offers.get()]
            while not self._offers.empty():
                offers.append(self._offers.get_nowait())
            try:
                await in_thread(partial(_keep, self.store, offers))
                self._outage.worked(KEEPING)
            except Exception as error:
                self._outage.failed(KEEPING, error)
            finally:
                for _ in offers:
                    self._offers.task_done()

    async def _sweep(self) -> None:
        while True:
            try:
                await in_thread(self.store.erase_expired)
                self._outage.worked(ERASING)
            except Exception as error:
                self._outage.failed(ERASING, error)
            await asyncio.sleep(min(SWEEP_S, self.store.retention_s))


def _keep(store: FeedbackStore, offers: Sequence[Offer]) -> None:
    kept = [kept_answer(*offer) for offer in offers]
    store.keep([one for one in kept if "\0" not in one.text + (one.title or "")])


def kept_answer(owner: str, request_id: str, article: Article, answer: Answer) -> KeptAnswer:
    """An answer with its text; of a page, with the text that was read of it."""
    shown = json.loads(as_json(answer))
    text = article.text or shown["input"].pop("text") or ""
    return KeptAnswer(owner, request_id, text, article.title, shown, _margin(answer.topic))


def _margin(topic: TopicAnalysis | None) -> float | None:
    """How far the likeliest topic is ahead of the next, and 1 less where it was withheld."""
    if topic is None:
        return None
    first, second, *_ = [*(score.probability for score in topic.scores), 0.0, 0.0]
    return first - second - topic.abstained
