"""An amount in use: never over its limit, in turn, and given back."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.inference.capacity import CapacityLimiter

pytestmark = pytest.mark.anyio


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_takers_wait_their_turn() -> None:
    allowance = CapacityLimiter(10)
    await allowance.take(8)
    large = asyncio.ensure_future(allowance.take(5))
    small = asyncio.ensure_future(allowance.take(1))
    await settle()
    assert not large.done()
    assert not small.done(), "the small one does not overtake"
    assert not allowance.try_take(1), "nor does one that does not wait"
    allowance.give(8)
    await settle()
    assert large.done()
    assert small.done()
    assert allowance.used == 6


async def test_one_over_the_limit_has_it_alone() -> None:
    allowance = CapacityLimiter(10)
    assert allowance.try_take(50)
    assert not allowance.try_take(1)
    allowance.give(50)
    assert allowance.try_take(1)


@pytest.mark.parametrize("when", ["before", "after", "at the same time"])
async def test_who_gives_up_waiting_takes_nothing(when: str) -> None:
    allowance = CapacityLimiter(1)
    await allowance.take(1)
    waits = asyncio.ensure_future(allowance.take(1))
    behind = asyncio.ensure_future(allowance.take(1))
    await settle()
    if when == "after":
        allowance.give(1)
        waits.cancel()
    else:
        waits.cancel()
        if when == "before":
            await settle()
        allowance.give(1)
    await settle()
    assert behind.done()
    assert allowance.used == 1


@given(st.lists(st.integers(1, 12), max_size=30))
def test_never_more_than_the_limit_but_for_one_alone(amounts: list[int]) -> None:
    allowance = CapacityLimiter(10)
    taken = [amount for amount in amounts if allowance.try_take(amount)]
    assert allowance.used == sum(taken)
    assert allowance.used <= 10 or len(taken) == 1
    for amount in taken:
        allowance.give(amount)
    assert allowance.used == 0
