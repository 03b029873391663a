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
    passing,
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


def test_a_balanced_macro_f1_does_not_hang_on_how_often_a_label_is() -> None:
    def answers(favor: int, against: int) -> list[Judged]:
        """Half of the favor ones are taken for against."""
        right = [Judged(((name, 1.0),), ("favor",)) for name in ("favor", "against")] * favor
        return right + [Judged((("against", 1.0),), ("against",))] * against

    few, many = answers(5, 3), answers(5, 3000)
    assert macro_f1(few, NAMES[:2]) != macro_f1(many, NAMES[:2])
    balanced = [macro_f1(found, NAMES[:2], balanced=True) for found in (few, many)]
    # favor: recall 0.5, precision 1; against: recall 1, precision 1 / 1.5
    assert balanced == pytest.approx([(2 / 3 + 0.8) / 2] * 2, abs=1e-4)


@given(
    st.lists(st.tuples(*[st.sampled_from(NAMES)] * 2, st.sampled_from("abcd")), min_size=1),
    st.booleans(),
)
def test_an_interval_of_a_macro_f1_lies_between_0_and_1(
    answers: Sequence[tuple[str, str, str]], balanced: bool
) -> None:
    found = [Judged(((given, 1.0),), (gold,), text) for gold, given, text in answers]
    low, high = macro_f1_interval(found, NAMES, balanced)
    assert 0 <= low <= high <= 1


def test_texts_are_drawn_and_not_their_answers() -> None:
    """Ten answers about each of ten texts, all right or all wrong, are worth ten, not a hundred."""
    texts = [str(n // 10) for n in range(100)]
    values = [float(n // 10 % 2) for n in range(100)]
    apart, together = interval(values), interval(values, texts)
    ten = interval([0.0, 1.0] * 5)
    assert together == pytest.approx(ten)
    assert together[1] - together[0] > 2 * (apart[1] - apart[0])
    found = [
        [
            Judged((("yes" if value else "no", 1.0),), ("yes",), text)
            for text, value in zip(names, values, strict=True)
        ]
        for names in ([None] * 100, texts)
    ]
    widths = [high - low for low, high in (macro_f1_interval(each, ["yes"]) for each in found)]
    assert widths[1] > 2 * widths[0]


def claim(probability: float, text: str | None = None) -> Judged:
    return Judged((("yes", probability), ("no", 1 - probability)), ("yes",), text)


def test_what_passes_where_most_true_ones_do() -> None:
    true = [claim(p / 20) for p in range(1, 21)]  # 17 of 20 are at 0.2 and above
    false = [claim(p) for p in (0.1, 0.15, 0.2, 0.9)]
    share, (low, high) = passing(true, false, "yes", 0.85)
    assert share == 0.5
    assert 0 <= low < share < high <= 1
    assert passing(true, false, "other", 0.85)[0] == 1  # nothing tells them apart


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc")), min_size=1, max_size=20),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abc")), min_size=1, max_size=20),
    st.floats(0.01, 1),
)
def test_the_share_that_passes_is_that_above_the_limit_of_the_true_ones(
    true: Sequence[tuple[float, str]], false: Sequence[tuple[float, str]], share: float
) -> None:
    found, (low, high) = passing(
        [claim(*each) for each in true], [claim(*each) for each in false], "yes", share
    )
    least = max(p for p, _ in true if sum(q >= p for q, _ in true) >= share * len(true) - 1e-9)
    assert found == pytest.approx(sum(p >= least for p, _ in false) / len(false), abs=1e-4)
    assert 0 <= low <= high <= 1
