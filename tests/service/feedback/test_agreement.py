"""People who disagree are both shown; what changed an answer is told."""

from __future__ import annotations

from typing import Any

import pytest

from service.feedback.agreement import changes, disputed, views
from tests.support.feedback import record

ANSWERED: dict[str, Any] = {
    "model": "0",
    "topic": "weather",
    "stance": [{"target": "rain", "label": None}],
    "summary": "Rain",
}


@pytest.mark.parametrize(
    ("one", "other", "is_disputed"),
    [
        ({"topic": "sport"}, {"topic": "weather"}, True),
        ({"topic": "sport"}, {"topic": "sport"}, False),
        ({"topic": "sport"}, {"stances": {None: "favor"}}, False),
        ({"topic": "sport", "also": ("a",)}, {"topic": "sport", "also": ("b",)}, True),
        ({"topic": "sport", "also": ("a", "b")}, {"topic": "sport", "also": ("b", "a")}, False),
        ({"topic": "sport", "also": ("a",)}, {"topic": "sport"}, False),
        ({"stances": {"x": "favor"}}, {"stances": {"x": "against"}}, True),
        ({"stances": {"x": "favor"}}, {"stances": {"y": "against"}}, False),
        ({"stances": {None: "favor"}}, {"stances": {None: "against"}}, True),
        ({"summary": "It rained."}, {"summary": "Rain fell."}, False),
    ],
)
def test_two_people_dispute_what_they_see_differently(
    one: dict[str, Any], other: dict[str, Any], is_disputed: bool
) -> None:
    records = [record(1, **one), record(2, by="bob", **other)]
    assert disputed(records) == ({each.id for each in records} if is_disputed else set())


def test_other_texts_and_other_parts_are_no_dispute() -> None:
    records = [
        record(1, topic="sport"),
        record(2, by="bob", topic="weather", text="Snow fell."),
        record(3, by="eve", summary="It rained."),
    ]
    assert disputed(records) == set()


def test_who_changes_their_mind_ends_a_dispute() -> None:
    records = [record(1, topic="sport"), record(2, by="bob", topic="weather")]
    assert disputed(records)
    assert disputed([*records, record(3, topic="weather")]) == set()


def test_people_of_two_keys_are_two_people() -> None:
    records = [record(1, topic="sport"), record(2, owner="b", topic="weather")]
    assert len(disputed(records)) == 2


def test_a_new_topic_does_away_with_old_second_topics() -> None:
    records = [record(1, topic="sport", also=("weather",)), record(2, topic="weather")]
    (held,) = views(records).values()
    assert {part: each.id for part, each in held.items()} == {("topic", None): records[1].id}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"topic": "weather"}, [("topic", "no")]),
        ({"topic": "sport"}, [("topic", "yes")]),
        ({"stances": {"rain": "favor"}}, [("stance", "yes")]),
        ({"stances": {"sun": "favor", None: "favor"}}, [("stance", "unknown")] * 2),
        ({"topic": "sport", "summary": "Rain"}, [("topic", "yes"), ("summary", "no")]),
    ],
)
def test_a_correction_says_whether_it_changed_the_answer(
    said: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert list(changes(record(answered=ANSWERED, **said))) == found
    unknown = [(task, "unknown") for task, _ in found]
    assert list(changes(record(**said))) == unknown
