"""Labels with few rows, with many more than others, and in two spellings are named."""

from __future__ import annotations

import pytest

from training.data.balance import MAX_RATIO, MIN_ROWS, spelt_twice, unbalanced


@pytest.mark.parametrize(
    ("counts", "kinds"),
    [
        ({}, []),
        ({"a": MIN_ROWS, "b": MIN_ROWS * (MAX_RATIO - 1)}, []),
        ({"a": MIN_ROWS, "b": MIN_ROWS * MAX_RATIO}, ["imbalance"]),
        ({"a": MIN_ROWS - 1, "b": MIN_ROWS * MAX_RATIO}, ["few-rows"]),
        ({"a": 0, "b": MIN_ROWS, "c": MIN_ROWS * MAX_RATIO}, ["few-rows", "imbalance"]),
    ],
)
def test_few_rows_and_a_great_ratio_are_named(counts: dict[str, int], kinds: list[str]) -> None:
    assert [kind for kind, _ in unbalanced(counts)] == kinds


def test_the_rarest_labels_that_have_rows_stand_first() -> None:
    ((_, what),) = unbalanced({"a": 3, "b": 1, "none": 0, "enough": 50})
    assert what == (
        f"3 of 4 labels have fewer than {MIN_ROWS} rows to train on: 'b' 1, 'a' 3, 1 with none; "
        "add some, or train with fewer labels"
    )


def test_spellings_of_one_label_are_named() -> None:
    (what,) = spelt_twice("topic", ["Tax", "sport", "tax", " TAX "])
    assert what.startswith("the topic is written in 3 ways, as ' TAX ' and 'Tax'; ")
