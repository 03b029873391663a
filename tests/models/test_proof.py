"""An answer is one where it has each label once, probabilities, and a summary."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from models.analysis import Analysis
from models.article import Options
from models.errors import AnalysisError
from models.proof import flaw
from tests.support.stand_in_model import SCHEMA, Prepared, StandIn

OPTIONS = Options(("the mayor", "the bridge"))


@pytest.fixture
def answer() -> Analysis:
    (found,) = StandIn().analyze([Prepared("The mayor opened the bridge.", OPTIONS)])
    assert isinstance(found, Analysis)
    return found


def test_an_answer_has_no_flaw(answer: Analysis) -> None:
    assert flaw(answer, OPTIONS, SCHEMA) is None


def test_scores_that_are_no_numbers_are_a_flaw() -> None:
    assert flaw(AnalysisError("no finite scores"), OPTIONS, SCHEMA)


def topic(answer: Analysis, **changes: Any) -> Analysis:
    assert answer.topic
    return replace(answer, topic=replace(answer.topic, **changes))


def likely(answer: Analysis, probability: float) -> Analysis:
    """The first topic's probability is another."""
    assert answer.topic
    first, *others = answer.topic.scores
    return topic(answer, scores=(replace(first, probability=probability), *others))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a: replace(a, topic=None), id="no topic"),
        pytest.param(lambda a: replace(a, stance=None), id="no stance"),
        pytest.param(lambda a: replace(a, summary=None), id="no summary"),
        pytest.param(lambda a: replace(a, stance=a.stance[:1]), id="a stance too few"),
        pytest.param(lambda a: replace(a, stance=a.stance[::-1]), id="stances of other targets"),
        pytest.param(lambda a: topic(a, scores=a.topic.scores[:1]), id="a label too few"),
        pytest.param(lambda a: topic(a, scores=a.topic.scores[:1] * 2), id="a label twice"),
        pytest.param(lambda a: likely(a, math.nan), id="nan"),
        pytest.param(lambda a: likely(a, math.inf), id="inf"),
        pytest.param(lambda a: likely(a, -0.1), id="below zero"),
        pytest.param(lambda a: likely(a, 0.9), id="they come to more than 1"),
        pytest.param(
            lambda a: replace(a, summary=replace(a.summary, sentences=())), id="an empty summary"
        ),
        pytest.param(
            lambda a: replace(a, summary=replace(a.summary, words=999)), id="a summary too long"
        ),
        pytest.param(
            lambda a: replace(a, summary=replace(a.summary, support=math.nan)), id="no support"
        ),
    ],
)
def test_what_no_model_answers_is_a_flaw(
    answer: Analysis, change: Callable[[Analysis], Analysis]
) -> None:
    found = flaw(change(answer), OPTIONS, SCHEMA)
    assert found
    assert "\n" not in found
