"""A job reads its batches in a service as it would read them alone."""

from __future__ import annotations

import asyncio
import inspect
import math
import threading
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import pytest

from models.analysis import Analysis
from models.article import Article
from models.errors import AnalysisError
from service.archive.scorer import BatchItem, LocalScorer, ScoredShard
from service.inference.batching import Lane
from service.jobs.bulk_lane import BulkLane, Interrupted
from tests.service.inference.test_scheduler import scheduling, until
from tests.support import runs
from tests.support.stand_in_model import Info, Prepared, StandIn

BUDGET_TOKENS = 64

pytestmark = pytest.mark.anyio

Shards = Sequence[Sequence[Article]]


def shards() -> Shards:
    texts = [f"w{n} " * (1 + n * 7 % 30) for n in range(600)]
    texts[17], texts[400], texts[401] = " ", "poison " * 5, "nan"
    articles = [Article(text) for text in texts]
    return [articles[:300], articles[300:], []]


def scored(begun: Shards, model: StandIn, lane: BulkLane | None = None) -> list[ScoredShard]:
    how: dict[str, Any] = {"prepare": runs.prepare_here(model)}
    if lane is not None:
        how = {"prepare": lane.prepare, "begin": lane.begin}
    return list(LocalScorer(model, BUDGET_TOKENS, full=False, **how)(begun))


async def test_the_batches_are_those_of_a_run_without_a_service(model: StandIn) -> None:
    alone = scored(shards(), local := StandIn())
    async with scheduling(model, max_queue_items=20, max_batch_tokens=512) as scheduler:
        lane = BulkLane(scheduler)
        run = asyncio.create_task(asyncio.to_thread(scored, shards(), model, lane))
        while not run.done():
            for of in Lane:  # others' articles, of the same lengths
                await scheduler.submit(Article("desk " * 9), of, math.inf)
        assert await run == alone
    read = [batch for batch in model.batches if not batch[0].startswith("desk")]
    assert sorted(read) == sorted(local.batches)
    assert not any("desk" in text for batch in read for text in batch)


class Pair(StandIn):
    """Answers its first two batches when it has both."""

    def __init__(self) -> None:
        super().__init__()
        self.parallel = 2
        self._calls = count()
        self._both = threading.Barrier(2, timeout=60)

    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        if next(self._calls) < 2:
            self._both.wait()
        return super().analyze(batch)


def test_a_run_reads_as_many_batches_at_once_as_the_model_allows() -> None:
    assert scored(shards(), Pair()) == scored(shards(), StandIn())


async def interrupted(
    model: StandIn, end: Callable[[BulkLane, Any], object], text: str = "word"
) -> None:
    """A run is stopped by `end` while its first batches wait or are read."""
    async with scheduling(model) as scheduler:
        lane = BulkLane(scheduler)
        model.gate.clear()
        begun = [[Article(f"{text} {n}") for n in range(600)]]
        run = asyncio.create_task(asyncio.to_thread(scored, begun, model, lane))
        await until(lambda: bool(model.batches))
        ended = end(lane, scheduler)
        if inspect.isawaitable(ended):
            await ended
        model.gate.set()
        with pytest.raises(Interrupted):
            await asyncio.wait_for(run, 60)
        lane.stop()
        await until(lambda: not scheduler.waiting())


async def test_a_stopped_lane_ends_the_run(model: StandIn) -> None:
    await interrupted(model, lambda lane, _: lane.stop())


async def test_a_changed_model_ends_the_run(model: StandIn) -> None:
    await interrupted(model, lambda _, scheduler: scheduler.swap(StandIn(Info())))


async def test_the_end_of_the_service_ends_the_run(model: StandIn) -> None:
    await interrupted(model, lambda _, scheduler: scheduler.abandon())


async def test_the_death_of_the_models_thread_ends_the_run(model: StandIn) -> None:
    await interrupted(model, lambda *_: None, text="death")


async def test_what_is_begun_after_the_end_is_refused(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        lane = BulkLane(scheduler)
        lane.stop()
        with pytest.raises(Interrupted):
            lane.begin([BatchItem(model, model.preparer(Article("late")))])
    assert not model.batches
