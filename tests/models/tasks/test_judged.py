"""Figures say what they say they do, on answers whose figures are known by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from models.tasks.judged import (
    Judged,
    calibration_error,
    interval,
    macro_f1,
    macro_f1_interval,
    risks,
)


def judged(probability: float, right: bool) -> Judged:
    return Judged((("yes", probability), ("no", 1 - probability)), ("yes" if right else "no",))


def test_who_is_right_as_often_as_sure_is_calibrated() -> None:
    assert calibration_error([judged(0.75, n < 3) for n in range(4)]) == pytest.approx(0)
    assert calibration_error([judged(0.95, False)] * 4) == pytest.approx(0.95)


def test_the_surest_answers_are_counted_first() -> None:
    found = risks([judged(0.6 + n / 100, n >= 10) for n in range(20)])
    assert found == {"100%": 0.5, "90%": 0.4444, "75%": 0.3333, "50%": 0.0}


@given(st.lists(st.tuples(st.floats(0.5, 1.0), st.booleans()), min_size=1, max_size=30))
def test_all_answers_err_as_often_as_they_are_wrong(answers: Sequence[tuple[float, bool]]) -> None:
    found = risks([judged(probability, right) for probability, right in answers])
    wrong = sum(not right for _, right in answers) / len(answers)
    assert found["100%"] == pytest.approx(wrong, abs=1e-4)
    assert all(0 <= risk <= 1 for risk in found.values())


def test_an_interval_holds_the_mean() -> None:
    low, high = interval([0.0, 1.0] * 50)
    assert 0.3 < low < 0.5 < high < 0.7
    assert interval([0.0, 1.0] * 5000) == pytest.approx((0.5, 0.5), abs=0.02)


def test_a_macro_f1_lies_in_its_interval_and_more_answers_narrow_it() -> None:
    few, many = (
        [judged(0.9, n % 4 > 0) for n in range(40)],
        [judged(0.9, n % 4 > 0) for n in range(4000)],
    )
    macro_f1 = (2 * 0.75 / 1.75 + 0) / 2  # "yes" is said always and right in three of four
    for answers, width in ((few, 0.12), (many, 0.012)):
        low, high = macro_f1_interval(answers, ["yes", "no"])
        assert macro_f1 - width < low < macro_f1 < high < macro_f1 + width
    perfect = [judged(0.9, True), Judged((("no", 0.9), ("yes", 0.1)), ("no",))] * 9
    assert macro_f1_interval(perfect, ["yes", "no"]) == (1.0, 1.0)


NAMES = ["favor", "against", "neutral"]


@given(st.lists(st.tuples(*[st.sampled_from([*NAMES, "unrelated"])] * 2), min_size=1))
def test_a_macro_f1_is_that_of_a_library(answers: Sequence[tuple[str, str]]) -> None:
    found = [Judged(((given, 1.0),), (gold,)) for gold, given in answers]
    theirs = f1_score(*zip(*answers, strict=True), labels=NAMES, average="macro", zero_division=0)
    assert macro_f1(found, NAMES) == pytest.approx(theirs, abs=1e-4)
