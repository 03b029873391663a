"""A limit on errors is kept, as often as it says, on texts like those that were counted."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from models.tasks.limits import (
    DELTA,
    MAX_ERRORS,
    STEPS,
    UNSURE,
    Step,
    one_of_each,
    p_value,
    read_tables,
    smallest_limit,
    table,
    texts_needed,
    threshold,
    why_withheld,
)

CONFIDENCES = st.sampled_from([0.3, 0.6, 0.8, 0.9, 0.95, 0.99, 0.999])
ANSWERS = st.lists(st.tuples(CONFIDENCES, st.integers(0, 30).map(lambda n: not n)), max_size=400)
LIMITS = st.floats(0.001, 0.499)


def drawn(texts: int, draw: random.Random, sureness: float) -> list[tuple[float, bool]]:
    """Answers of texts that are wrong as often as their confidence says."""
    sure = [1 / (1 + math.exp(-draw.gauss(sureness, 2))) for _ in range(texts)]
    return [(confidence, draw.random() > confidence) for confidence in sure]


@pytest.mark.parametrize("max_error", MAX_ERRORS)
@pytest.mark.parametrize("sureness", [1.0, 3.0])
def test_the_error_is_at_or_under_the_limit_in_most_tables(
    sureness: float, max_error: float
) -> None:
    draw = random.Random(7)
    further = drawn(20_000, draw, sureness)
    kept = answering = 0
    for _ in range(100):
        limit = threshold(table(drawn(500, draw, sureness)), max_error)
        given = [is_wrong for confidence, is_wrong in further if confidence >= limit]
        kept += sum(given) <= max_error * len(given)
        answering += bool(given)
    assert kept >= (1 - DELTA) * 100
    assert answering > 10 or sureness < 3 or max_error < 0.05


@given(ANSWERS, LIMITS, LIMITS)
def test_a_laxer_limit_never_withholds_more(
    answers: list[tuple[float, bool]], one: float, other: float
) -> None:
    steps = table(answers)
    assert threshold(steps, min(one, other)) >= threshold(steps, max(one, other))


@given(ANSWERS, LIMITS)
def test_what_is_answered_was_wrong_less_often_than_the_limit(
    answers: list[tuple[float, bool]], max_error: float
) -> None:
    limit = threshold(table(answers), max_error)
    given = [is_wrong for confidence, is_wrong in answers if confidence >= limit]
    assert sum(given) <= max_error * len(given)
    assert not given or len(given) >= texts_needed(max_error)


@given(ANSWERS, st.sampled_from([0.0, 0.5, 0.9]))
def test_a_table_goes_from_the_surest_answers_to_its_floor(
    answers: list[tuple[float, bool]], floor: float
) -> None:
    steps = table(answers, floor)
    assert all(a.least > b.least and a.answered < b.answered for a, b in pairwise(steps))
    assert all(step.least in {*STEPS, floor} and step.least >= floor for step in steps)
    if steps:
        assert steps[-1].answered == sum(confidence >= floor for confidence, _ in answers)
    as_json = [{"least": s.least, "answered": s.answered, "wrong": s.wrong} for s in steps]
    assert read_tables({"topic": as_json}) == {"topic": steps}


@given(st.integers(1, 3000), st.integers(0, 3000), LIMITS)
def test_the_tail_is_the_binomials(answered: int, wrong: int, error: float) -> None:
    step = Step(0.5, answered, min(wrong, answered))
    assert p_value(step, error) == pytest.approx(
        binom.cdf(step.wrong, answered, error), rel=1e-6, abs=1e-12
    )


def test_without_a_table_all_is_withheld() -> None:
    assert threshold((), 0.4) == math.inf
    assert smallest_limit(()) is None


@pytest.mark.parametrize(("max_error", "texts"), [(0.02, 149), (0.05, 59), (0.1, 29)])
def test_so_many_texts_are_needed_without_a_wrong_answer(max_error: float, texts: int) -> None:
    assert texts_needed(max_error) == texts
    assert threshold(table([(0.9, False)] * texts), max_error) < 0.9
    assert threshold(table([(0.9, False)] * (texts - 1)), max_error) == math.inf
    assert smallest_limit(table([(0.9, False)] * texts)) == pytest.approx(max_error, abs=2e-3)


def test_an_early_error_does_not_end_the_search() -> None:
    answers = [(0.9999, True), *[(0.9, False)] * 400]
    assert threshold(table(answers), 0.02) < 0.9


def test_one_answer_of_each_text_is_counted_the_same_each_time() -> None:
    answers = [(f"text {n % 50}", n) for n in range(200)]
    found = one_of_each(answers)
    assert [n % 50 for n in found] == list(range(50))
    assert found == one_of_each(answers)
    assert len({n // 50 for n in found}) == 4, "each of a text's answers may be drawn"
    assert one_of_each([("\ud800", 1)]) == [1]


def test_an_answer_says_why_it_is_withheld() -> None:
    steps = table([(0.95, False)] * 200 + [(0.6, True)] * 100)
    assert why_withheld(0.95, 0.2, steps, 0.05) is None
    assert why_withheld(0.1, 0.2, steps, None) == UNSURE
    unsure = why_withheld(0.6, 0.2, steps, 0.05)
    assert unsure == "answers as unsure as this one may exceed the max_error of 5 %"
    nothing = why_withheld(1.0, 0.2, (), 0.025)
    assert nothing == "no answer of this kind is known to keep the max_error of 2.5 %"
    assert why_withheld(0.6, 0.2, steps, None) is None


@pytest.mark.parametrize(
    "steps",
    [
        [{"least": 2.0, "answered": 3, "wrong": 1}],
        [{"least": 0.5, "answered": 3, "wrong": 4}],
        [{"least": 0.5, "answered": 0, "wrong": 0}],
        [{"least": 0.5, "answered": 3.0, "wrong": 1}],
        [{"least": 0.5, "answered": 3, "wrong": 1}, {"least": 0.6, "answered": 4, "wrong": 1}],
        [{"least": 0.5, "answered": 3, "wrong": 1}, {"least": 0.4, "answered": 3, "wrong": 1}],
    ],
)
def test_what_is_no_table_is_refused(steps: list[dict[str, float]]) -> None:
    with pytest.raises(ValueError, match="step"):
        read_tables({"topic": steps})
