"""Packing: each item once, of similar length, within the budget."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from models.encoding.packing import pack, padded_tokens


class Item(NamedTuple):
    longest_tokens: int
    windows: int


ITEMS = st.lists(st.builds(Item, st.integers(1, 600), st.integers(1, 8)), max_size=40)


@given(ITEMS, st.integers(1, 4096))
def test_each_item_is_in_one_group_within_the_budget(items: list[Item], budget: int) -> None:
    groups = pack([one.longest_tokens for one in items], budget, [one.windows for one in items])
    assert sorted(item for group in groups for item in group) == list(range(len(items)))
    for group in groups:
        assert len(group) == 1 or padded_tokens(items[item] for item in group) <= budget
    order = [items[item].longest_tokens for group in groups for item in group]
    assert order == sorted(order, reverse=True)


@given(st.lists(st.integers(1, 600)), st.integers(1, 4096))
def test_an_item_has_one_window_where_nothing_else_is_said(lengths: list[int], budget: int) -> None:
    assert pack(lengths, budget) == pack(lengths, budget, [1] * len(lengths))


@given(ITEMS, st.integers(1, 4096))
def test_no_group_ends_while_the_next_item_fits(items: list[Item], budget: int) -> None:
    groups = pack([one.longest_tokens for one in items], budget, [one.windows for one in items])
    for group, after in pairwise(groups):
        assert padded_tokens(items[item] for item in [*group, after[0]]) > budget


def test_padded_tokens_count_every_window_as_long_as_the_longest() -> None:
    assert padded_tokens([Item(10, 2), Item(4, 3)]) == 50
    assert padded_tokens([]) == 0
