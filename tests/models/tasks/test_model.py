"""A result is one where it has each label once, probabilities, and a summary."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from models.analysis import Analysis
from models.article import Article, Options
from models.engine import Engine
from models.errors import AnalysisError
from tests.support.articles import OPINION

OPTIONS = Options(("the mayor", "the bridge"))


@pytest.fixture(scope="module")
def answer(engine: Engine) -> Analysis:
    (found,) = engine.analyze([engine.prepare(Article(OPINION.text, options=OPTIONS))])
    assert isinstance(found, Analysis)
    return found


def test_an_answer_has_no_flaw(engine: Engine, answer: Analysis) -> None:
    assert engine.flaw(answer, OPTIONS) is None


def test_scores_that_are_no_numbers_are_a_flaw(engine: Engine) -> None:
    assert engine.flaw(AnalysisError("no finite scores"), OPTIONS)


def changed(answer: Analysis, task: str, change: Callable[[Any], Any]) -> Analysis:
    return replace(answer, results={**answer.results, task: change(answer.results[task])})


def likely(probability: float) -> Callable[[Any], Any]:
    """The first topic's probability is another."""
    return lambda topic: replace(
        topic, scores=(replace(topic.scores[0], probability=probability), *topic.scores[1:])
    )


@pytest.mark.parametrize(
    ("task", "change"),
    [
        pytest.param("stance", lambda s: s[:1], id="a stance too few"),
        pytest.param("stance", lambda s: s[::-1], id="stances of other targets"),
        pytest.param("topic", lambda t: replace(t, scores=t.scores[:1]), id="a label too few"),
        pytest.param("topic", lambda t: replace(t, scores=t.scores[:1] * 17), id="a label twice"),
        pytest.param("topic", likely(math.nan), id="nan"),
        pytest.param("topic", likely(math.inf), id="inf"),
        pytest.param("topic", likely(-0.1), id="below zero"),
        pytest.param("topic", likely(1.0), id="they add up to more than 1"),
        pytest.param("summary", lambda s: replace(s, sentences=()), id="an empty summary"),
        pytest.param("summary", lambda s: replace(s, words=999), id="a summary too long"),
        pytest.param("summary", lambda s: replace(s, support=math.nan), id="no support"),
    ],
)
def test_what_no_model_answers_is_a_flaw(
    engine: Engine, answer: Analysis, task: str, change: Callable[[Any], Any]
) -> None:
    found = engine.flaw(changed(answer, task, change), OPTIONS)
    assert found
    assert "\n" not in found
