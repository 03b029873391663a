"""Temperatures and thresholds, on answers for which they are known."""

from __future__ import annotations

import math

import pytest

from training.calibrate import scaling, threshold
from training.judging import Judged, calibration_error


def judged(probability: float, right: bool) -> Judged:
    return Judged((("yes", probability), ("no", 1 - probability)), ("yes" if right else "no",))


def test_a_model_that_is_too_sure_is_cooled_down() -> None:
    answers = [judged(0.99, n % 4 != 0) for n in range(100)]
    heat, bias = scaling([answers])
    assert bias == 0
    assert heat > 2
    again = 0.99 ** (1 / heat) / (0.99 ** (1 / heat) + 0.01 ** (1 / heat))
    assert again == pytest.approx(0.75, abs=0.01)
    assert calibration_error(answers) > 0.2


def test_a_large_file_does_not_drown_a_small_one() -> None:
    large = [judged(0.99, True)] * 1000
    small = [judged(0.99, n % 2 == 0) for n in range(10)]
    assert scaling([large, small])[0] > scaling([[*large, *small]])[0]


def test_a_model_that_takes_too_much_for_unrelated_is_held_back() -> None:
    scores = (("unrelated", 0.6), ("favor", 0.4))
    answers = [Judged(scores, ("favor" if n % 4 else "unrelated",)) for n in range(100)]
    heat, bias = scaling([answers])
    given = (0.4 / 0.6) ** (1 / heat) * math.exp(-bias)  # the odds of favor
    assert given == pytest.approx(3, abs=0.05)


def test_only_what_is_mostly_wrong_is_withheld() -> None:
    unsure = [judged(0.5 + n / 1000, False) for n in range(10)]
    sure = [judged(0.9 + n / 1000, True) for n in range(10)]
    assert threshold([*unsure, *sure]) == pytest.approx(0.902)  # 10 of 13 are wrong
    assert threshold(sure) == 0
