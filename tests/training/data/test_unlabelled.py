"""Questions about texts that nobody labelled."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from models.article import Kind
from tests.support.articles import CRIME, LONG_TEXT, SAMPLES
from training.config import Statements
from training.data.labelled import Edited, Labelled
from training.data.unlabelled import TURNS, with_questions, with_statements

LABELS = ("favor", "against")
STATEMENT = "Dennis Walgrave was a clerk of the bank for 14 years."


@given(st.sampled_from([sample.text for sample in SAMPLES] + [LONG_TEXT, "", "Rain."]),
       st.integers(0, 6))  # fmt: skip
def test_any_text_has_at_most_so_many_questions_always_the_same(text: str, count: int) -> None:
    made = with_questions(Labelled(text), count, LABELS)
    assert len(made.either) <= count
    assert set(made.either.values()) <= {LABELS}
    assert made.kinds.keys() == made.either.keys()
    assert made == with_questions(Labelled(text), count, LABELS)


def test_names_and_statements_are_asked_about() -> None:
    made = with_questions(Labelled(CRIME.text), 6, LABELS)
    kinds = set(made.kinds.values())
    assert kinds == {Kind.ENTITY, Kind.CLAIM}
    assert "Dennis Walgrave" in made.kinds


def test_what_was_labelled_stays() -> None:
    labelled = Labelled(CRIME.text, stances={"the bank": "favor"}, kinds={"the bank": Kind.ENTITY})
    made = with_questions(labelled, 2, LABELS)
    assert made.stances == labelled.stances
    assert made.kinds["the bank"] is Kind.ENTITY


def test_statements_are_turned_by_one_thing() -> None:
    others = ["Ann Lee", "Dennis Walgrave"]
    turned = {turn(STATEMENT, others, random.Random(1)) for turn in TURNS}
    assert STATEMENT in turned
    assert "Ann Lee was a clerk of the bank for 14 years." in turned
    assert "Dennis Walgrave was not a clerk of the bank for 14 years." in turned
    assert len(turned) == 4


def test_what_an_editor_took_is_borne_out_and_not_with_one_thing_turned() -> None:
    text = "Ann Lee was a clerk of the bank for 14 years, she said. Tom Dell was not in the town."
    edited = (
        Edited(0, 54, "Ann Lee was a clerk of the bank for 14 years."),
        Edited(55, len(text), "Tom Dell was not in the town."),
    )
    statements = Statements(right="favor", turned=("against", "neutral"))
    made = with_statements(Labelled(text, edited=edited), statements)
    assert made.stances == {
        "Ann Lee was a clerk of the bank for 14 years, she said": "favor",
        "Ann Lee was a clerk of the bank for 14 years.": "favor",
        "Tom Dell was not in the town.": "favor",
    }
    assert set(made.either.values()) <= {("against", "neutral")}
    assert not made.either.keys() & made.stances.keys()
    assert set(made.kinds.values()) == {Kind.CLAIM}
    assert made.kinds.keys() == made.stances.keys() | made.either.keys()
    assert made == with_statements(Labelled(text, edited=edited), statements)
