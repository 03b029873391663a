"""The least certain answers first, and no two alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.feedback.queue import in_order
from service.feedback.store import Candidate

RAIN = "Heavy rain flooded the harbour and the old port of the city."
GOALS = "The striker scored three goals before the final whistle blew."
TAXES = "Parliament raised income taxes after a long budget debate."


def candidate(
    name: str, text: str, scores: Sequence[float] = (0.5, 0.4), **topic: Any
) -> Candidate:
    shown = [{"label": f"t{n}", "probability": each} for n, each in enumerate(scores)]
    answer = {"topic": {"label": "t0", "abstained": False, "scores": shown, **topic}}
    return Candidate(name, "", text, len(text), None, answer, 0.0)


def names(candidates: Sequence[Candidate], limit: int = 50) -> list[str]:
    return [each.request_id for each, _ in in_order(candidates, limit)]


def test_texts_that_are_unlike_those_before_come_first() -> None:
    found = [candidate("rain", RAIN), candidate("rain again", f"{RAIN} Again."),
             candidate("goals", GOALS), candidate("taxes", TAXES)]  # fmt: skip
    assert names(found) == ["rain", "goals", "taxes", "rain again"]
    assert names(found, 2) == ["rain", "goals"]


def test_each_has_its_reason_in_words() -> None:
    withheld = candidate("a", RAIN, (0.3, 0.2), abstained=True)
    found = [
        withheld,
        candidate("b", GOALS, (0.41, 0.39)),
        candidate("c", f"{RAIN} Again.", (0.9,)),
    ]
    assert [reason for _, reason in in_order(found, 3)] == [
        "the topic was withheld: t0 (30%) or t1 (20%); the least certain of all",
        "t0 (41%) or t1 (39%): the first is 0.02 ahead; "
        "its words are unlike those of the texts before it",
        "t0 (90%): the first is 0.90 ahead; its words are much like those of a text before it",
    ]


@given(st.lists(st.text(max_size=40), max_size=20), st.integers(1, 30))
def test_each_is_offered_once_and_the_least_certain_is_first(texts: list[str], limit: int) -> None:
    found = names([candidate(str(number), text) for number, text in enumerate(texts)], limit)
    assert len(found) == len(set(found)) == min(limit, len(texts))
    assert found[:1] == ["0"][: len(texts)]
