"""Labels are data: they go through JSON unchanged, and a set that cannot work is refused."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from models.labels import Label
from training.fitting.start import labels
from training.labels import LabelSchema

YES_NO = (Label("yes"), Label("no"))


def test_a_schema_goes_through_json_unchanged() -> None:
    schema = LabelSchema(
        topic=(Label("sport", "medtop:15000000", "Games."), Label("weather")),
        stance=(Label("favor"), Label("against"), Label("unrelated")),
        overall=("favor", "against"),
    )
    assert LabelSchema.from_json(json.loads(json.dumps(asdict(schema)))) == schema


@pytest.mark.parametrize(
    ("topic", "stance", "overall"),
    [
        pytest.param((Label("one"),), YES_NO, ("yes",), id="one topic"),
        pytest.param((Label("a"), Label("a", "b")), YES_NO, ("yes",), id="a topic twice"),
        pytest.param(YES_NO, (), ("yes",), id="no stance"),
        pytest.param(YES_NO, YES_NO, (), id="no overall stance"),
        pytest.param(YES_NO, YES_NO, ("yes", "maybe"), id="an overall stance that is no stance"),
    ],
)
def test_a_schema_that_cannot_work_is_refused(
    topic: tuple[Label, ...], stance: tuple[Label, ...], overall: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match=r"labels must be|overall stances"):
        LabelSchema(topic, stance, overall)


@pytest.mark.parametrize("data", [{}, {"topic": [], "stance": [], "overall": []}, {"topic": [1]}])
def test_other_data_is_no_schema(data: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        LabelSchema.from_json(data)


def test_the_default_topics_are_the_17_of_the_news_industry_with_their_codes() -> None:
    schema = labels(None)
    codes = [label.code or "" for label in schema.topic]
    assert codes == [f"medtop:{number:02}000000" for number in range(1, 18)]
    assert all(label.definition for label in (*schema.topic, *schema.stance))


def test_the_default_stances_are_four_of_which_three_need_no_target() -> None:
    schema = labels(None)
    assert schema.stance_names == ("favor", "against", "neutral", "unrelated")
    assert schema.overall == ("favor", "against", "neutral")
