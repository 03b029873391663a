"""Every article gets its answer or its error, and nobody else's, whatever happens."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from models.analysis import Analysis
from models.article import Article, Options, Style, Tier
from models.errors import AnalysisError, EmptyArticle
from service.archive.scorer import BatchItem
from service.errors import (
    AnalysisFailed,
    DeadlinePassed,
    ModelUnavailable,
    OutOfMemory,
    QueueFull,
    ReaderUnavailable,
)
from service.inference import admission
from service.inference import scheduler as scheduler_module
from service.inference.answer import Answer
from service.inference.batching import Lane
from service.inference.metrics import Metrics
from service.inference.scheduler import Scheduler, State
from service.settings import Settings
from tests.support.stand_in_model import Failing, Info, StandIn

pytestmark = pytest.mark.anyio

Outcomes = list[Answer | BaseException]


def article(text: str, *tasks: str) -> Article:
    options = Options(tasks=frozenset(tasks) or None, style=Style.EXTRACTIVE)
    return Article(text, options=options)


@asynccontextmanager
async def scheduling(
    model: StandIn, on_failed: Callable[[], None] = lambda: None, **settings: Any
) -> AsyncIterator[Scheduler]:
    scheduler = Scheduler(model, Settings(**settings), Metrics(), on_failed)
    await scheduler.start()
    try:
        yield scheduler
    finally:
        model.gate.set()
        await scheduler.stop()


def submit(
    scheduler: Scheduler, *texts: str, lane: Lane = Lane.INTERACTIVE, timeout_s: float = math.inf
) -> list[asyncio.Task[Answer]]:
    deadline_s = time.monotonic() + timeout_s
    return [
        asyncio.ensure_future(scheduler.submit(article(text), lane, deadline_s)) for text in texts
    ]


async def outcomes(tasks: list[asyncio.Task[Answer]]) -> Outcomes:
    return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 60)


async def until(condition: Callable[[], bool]) -> None:
    """Let the other tasks and threads go on until it holds."""

    async def polling() -> None:
        while not condition():
            await asyncio.sleep(0.001)

    await asyncio.wait_for(polling(), 60)


async def hold_the_model(scheduler: Scheduler, model: StandIn) -> asyncio.Task[Answer]:
    """Keep the model busy with an article until the gate opens."""
    model.gate.clear()
    (task,) = submit(scheduler, "held")
    await until(lambda: model.batches[-1:] == [["held"]])
    return task


async def hold_two(scheduler: Scheduler, model: StandIn, text: str) -> list[asyncio.Task[Answer]]:
    """Keep a model that reads two batches at once busy with `held` and another article."""
    held = await hold_the_model(scheduler, model)
    (beside,) = submit(scheduler, text)
    await until(lambda: model.batches == [["held"], [text]])
    return [held, beside]


def words(found: Outcomes) -> list[str]:
    return [
        answer.summary.text for answer in found if isinstance(answer, Answer) and answer.summary
    ]


async def test_what_waits_goes_in_one_batch(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        tasks = submit(scheduler, *(f"w{n} a b" for n in range(10)))
        await until(lambda: len(scheduler.waiting()) == 10)
        model.gate.set()
        found = await outcomes([held, *tasks])
    assert words(found) == ["held", *(f"w{n}" for n in range(10))]
    assert [len(batch) for batch in model.batches] == [1, 10]


async def test_labels_do_not_wait_for_written_summaries(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        written = Article("written", options=Options(style=Style.WRITTEN))
        labels = article("labels", "topic")
        tasks = [
            asyncio.ensure_future(scheduler.submit(one, Lane.INTERACTIVE))
            for one in (written, labels)
        ]
        await until(lambda: len(scheduler.waiting()) == 2)
        model.gate.set()
        await outcomes([held, *tasks])
    assert sorted(model.batches) == [["held"], ["labels"], ["written"]]


async def test_a_burst_over_the_cap_rejects_exactly_the_excess(model: StandIn) -> None:
    cap, excess = 20, 7
    async with scheduling(model, max_queue_items=cap) as scheduler:
        model.gate.clear()
        tasks = submit(scheduler, *(f"w{n}" for n in range(cap + excess)))
        await until(lambda: sum(task.done() for task in tasks) == excess)
        model.gate.set()
        found = await outcomes(tasks)
    rejected = [one for one in found if isinstance(one, QueueFull)]
    assert len(rejected) == excess
    assert all(one.retry_after_s and one.retry_after_s >= 1 for one in rejected)
    assert len(words(found)) == cap


async def test_tokens_are_admitted_up_to_their_cap(
    model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "TOKENS_AN_ITEM", 100)
    async with scheduling(model, max_queue_items=10) as scheduler:
        model.gate.clear()
        tasks = submit(scheduler, *["word " * 400] * 3)
        await until(lambda: any(task.done() for task in tasks))
        model.gate.set()
        found = await outcomes(tasks)
        again = await outcomes(submit(scheduler, "long " * 5000))
    assert len(words(found)) == 2
    assert sum(isinstance(one, QueueFull) for one in found) == 1
    assert words(again) == ["long"], "an article over the cap is admitted when it is alone"


async def test_bulk_waits_for_room_and_takes_none_of_the_others(model: StandIn) -> None:
    async with scheduling(model, max_queue_items=3) as scheduler:
        held = await hold_the_model(scheduler, model)
        bulk = submit(scheduler, *(f"b{n}" for n in range(9)), lane=Lane.BULK)
        interactive = submit(scheduler, "i0", "i1")
        await until(lambda: len(scheduler.waiting()) == 5)
        model.gate.set()
        found = await outcomes([held, *bulk, *interactive])
    assert words(found) == ["held", *(f"b{n}" for n in range(9)), "i0", "i1"]


async def test_interactive_goes_ahead_of_bulk_and_bulk_progresses(model: StandIn) -> None:
    async with scheduling(model, max_batch_tokens=512) as scheduler:
        held = await hold_the_model(scheduler, model)
        text = "word " * 400
        bulk = submit(scheduler, *[f"bulk {text}"] * 12, lane=Lane.BULK)
        interactive = submit(scheduler, *[f"desk {text}"] * 12)
        await until(lambda: len(scheduler.waiting()) == 24)
        model.gate.set()
        await outcomes([held, *bulk, *interactive])
    order = [batch[0].split()[0] for batch in model.batches[1:13]]
    assert 2 <= order.count("bulk") <= 4


async def test_past_its_deadline_an_article_never_reaches_the_model(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        (late,) = await outcomes(submit(scheduler, "late", timeout_s=0.01))
        model.gate.set()
        await outcomes([held])
    assert isinstance(late, DeadlinePassed)
    assert model.batches == [["held"]]


async def test_an_article_in_the_model_is_answered_past_its_deadline(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        model.gate.clear()
        (task,) = submit(scheduler, "begun", timeout_s=0.5)
        await until(lambda: model.batches == [["begun"]])
        await asyncio.wait([task], timeout=0.6)
        model.gate.set()
        assert words(await outcomes([task])) == ["begun"]


async def test_a_wall_clock_that_jumps_changes_nothing(
    model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        tasks = submit(scheduler, "patient", timeout_s=60)
        await until(lambda: len(scheduler.waiting()) == 1)
        monkeypatch.setattr(time, "time", lambda: 0.0)
        model.gate.set()
        assert words(await outcomes([held, *tasks])) == ["held", "patient"]


async def test_who_has_left_is_not_read_for(model: StandIn) -> None:
    async with scheduling(model, max_queue_items=3) as scheduler:
        held = await hold_the_model(scheduler, model)
        gone, stays = submit(scheduler, "gone", "stays")
        await until(lambda: len(scheduler.waiting()) == 2)
        gone.cancel()
        await until(lambda: len(scheduler.waiting()) == 1)
        more = submit(scheduler, "more")
        await until(lambda: len(scheduler.waiting()) == 2)
        model.gate.set()
        found = await outcomes([held, stays, *more])
    assert words(found) == ["held", "stays", "more"]
    assert model.batches == [["held"], ["stays", "more"]]


async def test_one_poison_article_among_64_harms_only_itself(model: StandIn) -> None:
    async with scheduling(model, max_queue_items=100) as scheduler:
        held = await hold_the_model(scheduler, model)
        texts = [f"w{n}" for n in range(64)]
        texts[37] = "poison"
        tasks = submit(scheduler, *texts)
        await until(lambda: len(scheduler.waiting()) == 64)
        model.gate.set()
        found = await outcomes([held, *tasks])
    assert isinstance(found[38], AnalysisFailed)
    assert words(found) == ["held", *(text for text in texts if text != "poison")]
    assert len(model.batches) - 1 <= 13


async def test_scores_that_are_no_numbers_are_an_error_of_their_article(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        tasks = submit(scheduler, "a", "nan", "b")
        await until(lambda: len(scheduler.waiting()) == 3)
        model.gate.set()
        found = await outcomes([held, *tasks])
    assert isinstance(found[2], AnalysisError)
    assert words(found) == ["held", "a", "b"]
    assert len(model.batches) == 2


async def test_out_of_memory_splits_the_batch_and_lowers_the_budget(model: StandIn) -> None:
    async with scheduling(model, max_batch_tokens=16_384) as scheduler:
        before = scheduler.budget_tokens
        held = await hold_the_model(scheduler, model)
        tasks = submit(scheduler, "a", "b", "large", "c")
        await until(lambda: len(scheduler.waiting()) == 4)
        model.gate.set()
        found = await outcomes([held, *tasks])
        lowered = scheduler.budget_tokens
        for _ in range(80):
            await outcomes(submit(scheduler, "small"))
        assert lowered < before == scheduler.budget_tokens, "the budget comes back"
    assert isinstance(found[3], OutOfMemory)
    assert words(found) == ["held", "a", "b", "c"]


async def test_a_dead_thread_is_restarted_and_nobody_hangs(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        killer = submit(scheduler, "death a")
        await until(lambda: len(scheduler.waiting()) == 1)
        after = submit(scheduler, "after " + "word " * 300)
        await until(lambda: len(scheduler.waiting()) == 2)
        model.gate.set()
        found = await outcomes([held, *killer, *after])
        assert scheduler.state is State.READY
    assert isinstance(found[1], ModelUnavailable)
    assert words(found) == ["held", "after"]
    assert model.warm_ups == 2


async def test_as_many_batches_are_read_at_once_as_the_model_allows(model: StandIn) -> None:
    model.parallel = 2
    async with scheduling(model) as scheduler:
        held = await hold_two(scheduler, model, "beside")
        waiting = submit(scheduler, "a", "b")
        await until(lambda: len(scheduler.waiting()) == 2)
        model.gate.set()
        found = await outcomes([*held, *waiting])
    assert words(found) == ["held", "beside", "a", "b"]


async def test_a_thread_that_dies_takes_none_of_the_others_batches_along(model: StandIn) -> None:
    model.parallel = 2
    async with scheduling(model) as scheduler:
        held = await hold_two(scheduler, model, "death")
        model.gate.set()
        found = await outcomes([*held, *submit(scheduler, "after")])
        await until(lambda: scheduler.state is State.READY)
    assert isinstance(found[1], ModelUnavailable)
    assert words(found) == ["held", "after"]


async def test_until_a_forward_pass_works_again_the_service_is_not_ready(
    model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "RESTART_DELAYS_S", (0.0, 60.0))
    async with scheduling(model) as scheduler:
        model.warm_up_errors = [RuntimeError("still broken")] * 2
        (found,) = await outcomes(submit(scheduler, "poison"))
        await until(lambda: scheduler.state is State.RECOVERING)
    assert isinstance(found, ModelUnavailable), "it is not the article's fault"


async def test_a_model_that_gives_no_numbers_any_more_is_started_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler_module, "RESTART_DELAYS_S", (0.0, 60.0))
    model = Failing(1, nan=True)
    async with scheduling(model) as scheduler:
        assert words(await outcomes(submit(scheduler, "one"))) == ["one"]
        (found,) = await outcomes(submit(scheduler, "two"))
        await until(lambda: scheduler.state is State.RECOVERING)
    assert isinstance(found, ModelUnavailable)


async def test_a_model_that_does_not_come_back_ends_the_process(
    model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "RESTART_DELAYS_S", (0.0, 0.0))
    ended: list[bool] = []
    async with scheduling(model, lambda: ended.append(True)) as scheduler:
        model.warm_up_errors = [RuntimeError("broken for good")] * 9
        await outcomes(submit(scheduler, "poison"))
        await until(lambda: bool(ended))
        (found,) = await outcomes(submit(scheduler, "too late"))
    assert ended == [True]
    assert isinstance(found, ModelUnavailable)


async def test_a_lost_device_answers_all_and_ends_the_process(model: StandIn) -> None:
    ended: list[bool] = []
    async with scheduling(model, lambda: ended.append(True)) as scheduler:
        held = await hold_the_model(scheduler, model)
        tasks = submit(scheduler, "assert", "w0", "w1", "w2 " + "word " * 300)
        await until(lambda: len(scheduler.waiting()) == 4)
        model.gate.set()
        found = await outcomes([held, *tasks])
        assert scheduler.state is State.STOPPED
    assert ended == [True]
    assert words(found) == ["held"]
    lost = [one for one in found if isinstance(one, ModelUnavailable)]
    assert len(lost) == 4
    assert all(one.retry_after_s for one in lost)


async def test_a_forward_pass_that_never_ends_ends_the_process(
    model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler_module, "STALL_S", 0.05)
    ended: list[bool] = []
    async with scheduling(model, lambda: ended.append(True)) as scheduler:
        model.gate.clear()
        found = await outcomes(submit(scheduler, "stuck"))
    assert ended == [True]
    assert isinstance(found[0], ModelUnavailable)


async def test_a_model_that_fails_its_first_pass_does_not_start(model: StandIn) -> None:
    model.warm_up_errors = [RuntimeError("no such instruction")]
    scheduler = Scheduler(model, Settings(), Metrics())
    with pytest.raises(RuntimeError, match="no such instruction"):
        await scheduler.start()
    await scheduler.stop()


async def test_a_refused_article_costs_no_place(model: StandIn) -> None:
    async with scheduling(model, max_queue_items=1) as scheduler:
        for _ in range(3):
            (found,) = await outcomes(submit(scheduler, " "))
            assert isinstance(found, EmptyArticle)
        assert words(await outcomes(submit(scheduler, "fine"))) == ["fine"]


async def test_a_swap_fails_nobody_and_each_article_stays_with_its_model(model: StandIn) -> None:
    other = StandIn(Info(name="other"))
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        before = submit(scheduler, "before")
        await until(lambda: len(scheduler.waiting()) == 1)
        await scheduler.swap(other)
        after = submit(scheduler, "after")
        await until(lambda: len(scheduler.waiting()) == 2)
        model.gate.set()
        found = await outcomes([held, *before, *after])
    names = [answer.model.name for answer in found if isinstance(answer, Answer)]
    assert names == ["stand-in", "stand-in", "other"]


async def test_what_waits_for_room_during_a_swap_is_answered_by_the_new_model(
    model: StandIn,
) -> None:
    async with scheduling(model, max_queue_items=1) as scheduler:
        model.gate.clear()
        first, *rest = submit(scheduler, "w0", "w1", "w2", lane=Lane.BULK)
        await until(lambda: bool(model.batches))
        await scheduler.swap(StandIn(Info(name="other")))
        model.gate.set()
        found = await outcomes([first, *rest])
    names = [answer.model.name for answer in found if isinstance(answer, Answer)]
    assert names == ["stand-in", "other", "other"]


async def test_the_end_answers_whoever_waits(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        held = await hold_the_model(scheduler, model)
        tasks = submit(scheduler, *(f"w{n}" for n in range(5)))
        await until(lambda: len(scheduler.waiting()) == 5)
        scheduler.abandon()
        found = await outcomes([held, *tasks])
    assert all(isinstance(one, ModelUnavailable) for one in found)


def formed(model: StandIn, *texts: str) -> list[BatchItem]:
    return [BatchItem(model, model.preparer(article(text))) for text in texts]


def read(scheduler: Scheduler, model: StandIn, *texts: str) -> asyncio.Task[Any]:
    return asyncio.ensure_future(scheduler.read(formed(model, *texts)))


async def test_a_formed_batch_is_read_as_it_is(model: StandIn) -> None:
    async with scheduling(model, max_batch_tokens=512, max_queue_items=4) as scheduler:
        held = await hold_the_model(scheduler, model)
        texts = [f"w{n} " * 100 for n in range(9)]  # past the budget, and the queue's
        alike = submit(scheduler, *["bulk " * 100] * 2, lane=Lane.BULK)
        await until(lambda: len(scheduler.waiting()) == 2)
        reading = read(scheduler, model, *texts)
        model.gate.set()
        results = await asyncio.wait_for(reading, 60)
        await outcomes([held, *alike])
    assert [result.summary.text for result in results] == [f"w{n}" for n in range(9)]
    assert texts in model.batches


async def test_interactive_goes_ahead_of_formed_batches_too(model: StandIn) -> None:
    async with scheduling(model, max_batch_tokens=512) as scheduler:
        held = await hold_the_model(scheduler, model)
        text = "word " * 400
        batches = [read(scheduler, model, f"job {text}") for _ in range(12)]
        interactive = submit(scheduler, *[f"desk {text}"] * 12)
        await until(lambda: len(scheduler.waiting()) == 24)
        model.gate.set()
        await outcomes([held, *batches, *interactive])
    order = [batch[0].split()[0] for batch in model.batches[1:13]]
    assert 2 <= order.count("job") <= 4


async def test_one_poison_article_in_a_formed_batch_harms_only_itself(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        results = await scheduler.read(formed(model, "a", "poison", "b", "large", "c", "nan"))
    assert [type(result) for result in results] == [
        Analysis,
        AnalysisFailed,
        Analysis,
        OutOfMemory,
        Analysis,
        AnalysisError,
    ]


async def test_a_reader_that_cannot_be_loaded_costs_those_that_need_it_one_more_batch(
    model: StandIn,
) -> None:
    model.unreadable = Tier.FULL
    asked = [
        Options(reader=reader, style=style)
        for reader in (*Tier, None)
        for style in (Style.WRITTEN, Style.EXTRACTIVE)
    ]
    batch = [
        BatchItem(model, model.preparer(Article(f"w{number}", options=options)))
        for number, options in enumerate(asked * 4)
    ]
    async with scheduling(model) as scheduler:
        results = await scheduler.read(batch)
        after = await scheduler.read(formed(model, "a"))
    for one, result in zip(batch, results, strict=True):
        is_lost = one.prepared.reader is Tier.FULL
        assert isinstance(result, ReaderUnavailable if is_lost else Analysis)
    summaries = [result.summary for result in results if isinstance(result, Analysis)]
    others = [n for n, one in enumerate(batch) if one.prepared.reader is not Tier.FULL]
    assert [each and each.text for each in summaries] == [f"w{number}" for number in others]
    assert isinstance(after[0], Analysis)
    assert len(model.batches) == 1 + 3 + 1
    assert model.warm_ups == 1


async def test_a_formed_batch_that_is_given_up_is_not_read(model: StandIn) -> None:
    async with scheduling(model, max_queue_items=4) as scheduler:
        held = await hold_the_model(scheduler, model)
        dropped, waits = (read(scheduler, model, f"{name}1", f"{name}2") for name in "ab")
        await until(lambda: len(scheduler.waiting()) == 4)
        late = read(scheduler, model, "c1")
        dropped.cancel()
        await until(lambda: len(scheduler.waiting()) == 3)
        model.gate.set()
        await outcomes([held, waits, late])
    assert model.batches == [["held"], ["b1", "b2"], ["c1"]]


async def test_a_formed_batch_ends_with_the_models_thread(model: StandIn) -> None:
    async with scheduling(model) as scheduler:
        with pytest.raises(ModelUnavailable):
            await scheduler.read(formed(model, "a", "death", "b"))
        again = await scheduler.read(formed(model, "a", "b"))
        scheduler.abandon()
        with pytest.raises(ModelUnavailable):
            await scheduler.read(formed(model, "a"))
    assert len(again) == 2
