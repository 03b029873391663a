"""Who is read next: long articles take turns with the others, and leave them a thread."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from itertools import count

import pytest

from models.article import Options
from service.inference import queue
from service.inference.batching import LONG_TOKENS, Lane
from service.inference.queue import Outcome, QueueEntry, RequestQueue
from tests.support.standin import Prepared, StandIn

BUDGET_TOKENS = 8192
MODEL = StandIn()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


class Waiters:
    """Jobs with tickets in the order of their arrival."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._tickets = count()

    def job(self, words: int, lane: Lane = Lane.INTERACTIVE) -> QueueEntry:
        outcome: asyncio.Future[Outcome] = self._loop.create_future()
        prepared = Prepared("word " * words, Options())
        return QueueEntry(next(self._tickets), lane, MODEL, prepared, math.inf, outcome)

    def short(self) -> QueueEntry:
        return self.job(100)

    def long(self) -> QueueEntry:
        return self.job(2 * LONG_TOKENS)


@pytest.fixture
def some(loop: asyncio.AbstractEventLoop) -> Waiters:
    return Waiters(loop)


def opened(threads: int) -> RequestQueue:
    return RequestQueue(lambda _: BUDGET_TOKENS, threads)


def test_short_articles_do_not_wait_behind_all_long_ones(some: Waiters) -> None:
    waiting = opened(threads=1)
    long = [some.long() for _ in range(20)]
    for one in long:
        waiting.add(one)
    waiting.done(waiting.take())
    short = some.short()
    waiting.add(short)
    assert waiting.take() == [short]


def test_long_articles_have_their_turn_while_short_ones_come(some: Waiters) -> None:
    waiting = opened(threads=1)
    long = some.long()
    waiting.add(long)
    for _ in range(2 * LONG_TOKENS):
        waiting.add(some.short())
        batch = waiting.take()
        waiting.done(batch)
        if batch == [long]:
            return
    pytest.fail("the long article was never read")


def test_a_thread_is_left_to_short_articles_while_they_come(some: Waiters) -> None:
    waiting = opened(threads=2)
    waiting.add(some.short())
    waiting.done(waiting.take())
    first, second, short = some.job(3 * LONG_TOKENS), some.job(3 * LONG_TOKENS), some.short()
    waiting.add(first)
    assert waiting.take() == [first]
    waiting.add(second)
    waiting.add(short)
    batch = waiting.take()
    assert batch == [short]
    waiting.done([first])
    assert waiting.take() == [second]


def test_without_short_articles_long_ones_have_all_threads(
    some: Waiters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "KEPT_S", 0.0)
    waiting = opened(threads=2)
    waiting.add(some.short())
    waiting.done(waiting.take())
    for _ in range(2):
        one = some.job(3 * LONG_TOKENS)
        waiting.add(one)
        assert waiting.take() == [one]


def test_one_thread_reads_long_articles_too(some: Waiters) -> None:
    waiting = opened(threads=1)
    waiting.add(some.short())
    waiting.done(waiting.take())
    long = some.long()
    waiting.add(long)
    assert waiting.take() == [long]


def test_bulk_is_not_told_apart_by_length(some: Waiters) -> None:
    waiting = opened(threads=2)
    waiting.add(some.short())
    waiting.done(waiting.take())
    jobs = [some.job(3 * LONG_TOKENS, Lane.BULK) for _ in range(2)]
    for job in jobs:
        waiting.add(job)
    assert [waiting.take(), waiting.take()] == [[job] for job in jobs]
