"""Differences between two models on the same texts: none between equals, and the same both ways."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tasks.judged import Judged, macro_f1
from models.tasks.paired import (
    Difference,
    f1_differences,
    least_texts,
    share_difference,
    texts_needed,
)

NAMES = ["favor", "against", "neutral"]
LABEL = st.sampled_from(NAMES)
PAIRS = st.lists(st.tuples(LABEL, LABEL, LABEL, st.integers(0, 9)), min_size=1, max_size=40)
Pairs = Sequence[tuple[str, str, str, int]]


def judged(pairs: Pairs, model: int) -> list[Judged]:
    """The answers of one of two models; the last member of a pair says which text it is about."""
    labels = [(pair[0], pair[1])[model] for pair in pairs]
    return [
        Judged(((label, 1.0),), (gold,), str(text))
        for label, (_, _, gold, text) in zip(labels, pairs, strict=True)
    ]


@given(PAIRS)
def test_equal_answers_differ_by_nothing(pairs: Pairs) -> None:
    answers = judged(pairs, 0)
    macro, by_label = f1_differences(answers, answers)
    for found in (macro, *by_label.values()):
        assert (found.value, found.low, found.high) == (0, 0, 0)
        assert found.before == found.after
    assert macro.texts == len({pair[3] for pair in pairs})


@given(PAIRS)
def test_the_other_way_round_it_is_the_opposite(pairs: Pairs) -> None:
    one, other = judged(pairs, 0), judged(pairs, 1)
    there, back = f1_differences(one, other)[0], f1_differences(other, one)[0]
    assert (there.before, there.after) == (back.after, back.before)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1.1e-4)
    first, second = ([float(not j.is_wrong) for j in answers] for answers in (one, other))
    texts = [pair[3] for pair in pairs]
    share, opposite = share_difference(first, second, texts), share_difference(second, first, texts)
    assert (share.low, share.high) == pytest.approx((-opposite.high, -opposite.low), abs=1.1e-4)


@given(PAIRS)
def test_the_figures_are_those_of_one_model_alone(pairs: Pairs) -> None:
    one, other = judged(pairs, 0), judged(pairs, 1)
    macro, by_label = f1_differences(one, other)
    names = sorted({j.gold[0] for j in one})
    assert macro.before == pytest.approx(macro_f1(one, names), abs=1.1e-4)
    assert macro.after == pytest.approx(macro_f1(other, names), abs=1.1e-4)
    assert list(by_label) == names
    for name, found in by_label.items():
        assert found.after == pytest.approx(macro_f1(other, [name]), abs=1.1e-4)
    assert all(-1 <= d.low <= d.high <= 1 for d in (macro, *by_label.values()))


def test_an_interval_holds_the_difference_and_is_that_of_pairs() -> None:
    before = [1.0] * 80 + [0.0] * 20
    after = [1.0] * 84 + [0.0] * 16
    found = share_difference(before, after, range(100))
    assert (found.before, found.after, found.value) == (0.8, 0.84, 0.04)
    assert 0 < found.low < 0.04 < found.high < 0.09, "unpaired it would reach from -0.07 to 0.15"


@pytest.mark.slow
def test_a_model_that_is_worse_by_the_tolerance_passes_in_one_trial_of_forty() -> None:
    """In 200 trials with 600 texts, of which 5 % get wrong and 3 % get right."""
    draw, tolerance, passed = np.random.default_rng(0), 0.02, 0
    for _ in range(200):
        changes, right = draw.random(600), draw.random(600) < 0.8
        before = np.where(changes < 0.05, 1.0, np.where(changes < 0.08, 0.0, right))
        after = np.where(changes < 0.05, 0.0, np.where(changes < 0.08, 1.0, right))
        found = share_difference(before.tolist(), after.tolist(), range(600))
        passed += found.low > -tolerance
    assert 1 <= passed <= 12


def test_rare_labels_that_get_lost_are_not_hidden() -> None:
    """Ten labels with a text each; a resample has two thirds of them."""
    names = [f"rare {n}" for n in range(10)]
    gold = [*names, *["usual"] * 990]
    before = [Judged(((name, 1.0),), (name,)) for name in gold]
    after = [Judged((("usual", 1.0),), (name,)) for name in gold]
    macro, by_label = f1_differences(before, after)
    assert macro.value == pytest.approx(-10 / 11, abs=0.001)
    assert macro.low < macro.high < -0.75, "with 0 for those not drawn it would reach to -0.4"
    assert by_label["rare 0"].high == 0, "one text proves nothing"


def test_whole_texts_are_drawn() -> None:
    values = [1.0, 0.0] * 50
    apart = share_difference([0.0] * 100, values, range(100))
    together = share_difference([0.0] * 100, values, [n // 10 for n in range(100)])
    assert (apart.texts, together.texts) == (100, 10)
    assert together.half_width < apart.half_width, "each text holds as many of both"


def test_how_many_texts_are_needed() -> None:
    assert [least_texts(tolerance) for tolerance in (0.01, 0.05)] == [368, 72]
    assert (1 - 0.01) ** 368 <= 0.025 < (1 - 0.01) ** 367
    equal = Difference(0.8, 0.8, 0.0, 0.0, 400)
    wide = Difference(0.8, 0.8, -0.02, 0.02, 400)
    assert texts_needed(equal, 0.01) == 368
    assert texts_needed(wide, 0.01) == 1600
