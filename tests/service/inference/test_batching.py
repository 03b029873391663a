"""Batches, for any queue: each article once, within the budget, none passed over without end."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoding.packing import padded_tokens
from service.inference.batching import (
    MAX_PASSES,
    MIN_LENGTH_RATIO,
    FairScheduler,
    Lane,
    Waiting,
    form_batch,
    formed,
)

BUDGETS = st.integers(1, 20_000)
SHAPES = st.tuples(
    st.integers(1, 8), st.integers(1, 512), st.sampled_from("ab"), st.integers(0, MAX_PASSES)
)


@st.composite
def queues(draw: st.DrawFn) -> list[Waiting]:
    shapes = draw(st.lists(SHAPES, min_size=1, max_size=40))
    return [Waiting(ticket, *shape) for ticket, shape in enumerate(shapes)]


@given(queues(), BUDGETS)
def test_every_article_is_in_the_batch_or_goes_on_waiting(
    waiting: list[Waiting], budget_tokens: int
) -> None:
    batch, rest = form_batch(waiting, budget_tokens)
    tickets = [one.ticket for one in (*batch, *rest)]
    assert sorted(tickets) == [one.ticket for one in waiting]
    assert [one.ticket for one in rest] == sorted(one.ticket for one in rest)


@given(queues(), BUDGETS)
def test_a_batch_is_one_article_or_keeps_the_budget(
    waiting: list[Waiting], budget_tokens: int
) -> None:
    batch, _ = form_batch(waiting, budget_tokens)
    assert len(batch) == 1 or padded_tokens(batch) <= budget_tokens
    assert len({one.group for one in batch}) == 1


@given(queues(), BUDGETS)
def test_the_oldest_goes_first_unless_another_was_passed_over_too_often(
    waiting: list[Waiting], budget_tokens: int
) -> None:
    batch, _ = form_batch(waiting, budget_tokens)
    overdue = [one for one in waiting if one.passes == MAX_PASSES]
    assert (overdue or waiting)[0] in batch


@given(st.lists(st.integers(1, 512), min_size=1, max_size=40), BUDGETS)
def test_the_lengths_in_a_batch_are_similar(lengths: list[int], budget_tokens: int) -> None:
    waiting = [Waiting(ticket, 1, length) for ticket, length in enumerate(lengths)]
    batch, _ = form_batch(waiting, budget_tokens)
    together = [one.longest_tokens for one in batch]
    assert min(together) >= MIN_LENGTH_RATIO * max(together)


@given(
    st.lists(st.lists(SHAPES.map(lambda shape: shape[:3]), max_size=6), max_size=60),
    BUDGETS,
)
def test_no_article_is_passed_over_more_often_than_promised(
    arrivals: list[list[tuple[int, int, str]]], budget_tokens: int
) -> None:
    waiting: list[Waiting] = []
    ticket = 0
    while arrivals or waiting:
        for shape in arrivals.pop() if arrivals else ():
            waiting.append(Waiting(ticket, *shape))
            ticket += 1
        if waiting:
            _, waiting = form_batch(waiting, budget_tokens)
        assert all(one.passes <= MAX_PASSES for one in waiting)


@given(st.lists(st.tuples(queues(), st.booleans()), min_size=1, max_size=8), BUDGETS)
def test_a_batch_that_was_formed_elsewhere_is_read_whole_and_alone(
    arrivals: list[tuple[list[Waiting], bool]], budget_tokens: int
) -> None:
    tickets = count()
    waiting: list[Waiting] = []
    parts: dict[int, list[Waiting]] = {}
    for queue, together in arrivals:
        come = [replace(one, ticket=next(tickets)) for one in queue]
        waiting += [formed(come)] if together else come
        parts |= {come[0].ticket: come} if together else {}
    while waiting:
        batch, waiting = form_batch(waiting, budget_tokens)
        if any(one.ticket in parts for one in batch):
            assert len(batch) == 1
            assert padded_tokens(batch) == padded_tokens(parts[batch[0].ticket])


def test_similar_lengths_go_together() -> None:
    lengths = [500, 20, 490, 25, 480, 15]
    waiting = [Waiting(ticket, 1, length) for ticket, length in enumerate(lengths)]
    batch, rest = form_batch(waiting, 2000)
    assert [one.longest_tokens for one in batch] == [500, 490, 480]
    assert [one.longest_tokens for one in form_batch(rest, 2000)[0]] == [20, 25, 15]


def test_interactive_goes_first() -> None:
    assert FairScheduler.of_lanes(0.5).next(list(Lane)) is Lane.INTERACTIVE


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
@pytest.mark.parametrize("bulk_tokens", [100, 4000])
def test_bulk_gets_its_share_while_both_wait(share: float, bulk_tokens: int) -> None:
    turns = FairScheduler.of_lanes(share)
    tokens = {Lane.INTERACTIVE: 1000, Lane.BULK: bulk_tokens}
    served = dict.fromkeys(Lane, 0)
    while sum(served.values()) < 1_000_000:
        lane = turns.next(list(Lane))
        turns = turns.after(lane, tokens[lane], list(Lane))
        served[lane] += tokens[lane]
    assert served[Lane.BULK] / sum(served.values()) == pytest.approx(share, abs=0.02)


def test_a_lane_saves_up_no_turns_while_it_is_idle() -> None:
    turns = FairScheduler.of_lanes(0.25)
    for _ in range(1000):
        turns = turns.after(Lane.INTERACTIVE, 1000, [Lane.INTERACTIVE])
    taken = []
    for _ in range(8):
        lane = turns.next(list(Lane))
        turns = turns.after(lane, 1000, list(Lane))
        taken.append(lane)
    assert taken.count(Lane.BULK) <= 3


def test_an_interactive_article_waits_for_no_more_than_the_batch_that_runs() -> None:
    turns = FairScheduler.of_lanes(0.25)
    for _ in range(10):
        turns = turns.after(Lane.BULK, 1000, [Lane.BULK])
        assert turns.next(list(Lane)) is Lane.INTERACTIVE
