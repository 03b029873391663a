"""Figures say what they say they do, on answers whose figures are known by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.article import Article
from models.engine import Engine
from training.data.labelled import Labelled
from training.evaluation.evidence import evidence_effect
from training.evaluation.predictions import (
    Judged,
    analyses,
    calibration_error,
    interval,
    judge_topics,
    macro_f1_interval,
    risks,
)

TEXT = (
    "The council voted on Monday to reopen the harbour bridge. Work begins in May. "
    "Residents had asked for it for years. Critics say that it costs too much. "
    "The mayor said that the money was there. Buses will run over it again. "
    "The market hopes for more guests. Nobody spoke of tolls. The old lamps will stay."
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


def test_answers_come_in_order_and_empty_articles_are_errors(engine: Engine) -> None:
    texts = [TEXT, " ", *[TEXT] * 40]
    found = list(analyses(engine, (Article(text) for text in texts)))
    assert [isinstance(one, Exception) for one in found] == [False, True, *[False] * 40]
    assert len(judge_topics(engine, [Labelled(TEXT, topics=["sport"])] * 3)) == 3


def test_evidence_is_weighed_for_topics_and_for_each_target(engine: Engine) -> None:
    by_topic = evidence_effect(engine, [Labelled(TEXT, topics=["sport"])])
    assert by_topic["labels"] == 1
    stances: dict[str | None, str] = {"the bridge": "favor", "the mayor": "neutral"}
    by_target = evidence_effect(engine, [Labelled(TEXT, stances=stances)])
    assert by_target["labels"] == 2
    assert evidence_effect(engine, [Labelled(TEXT)]) == {}
