"""Sentences as they may stand in a summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoding.tokens import ArticleEncoder, Encoded
from models.tasks.summary.drafts import MIN_LEFT_WORDS, count_words, draft, trimmed
from models.tasks.summary.spans import Deletion, deletions
from models.text.sentences import split

TEXT = (
    "The mayor, who was elected in May, said on Monday that the old bridge would open again. "
    "It rained."
)


@pytest.fixture(scope="module")
def encoded(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(TEXT, split(TEXT))


@pytest.fixture(scope="module")
def possible(encoded: Encoded) -> tuple[Deletion, ...]:
    return deletions(TEXT, encoded.sentences[0])


def sure(possible: tuple[Deletion, ...], *gone: str) -> list[float]:
    """How surely each goes: what is named, and nothing else."""
    return [0.9 if TEXT[one.start : one.end].strip(" ,") in gone else 0.1 for one in possible]


def test_without_edits_a_draft_is_the_source(encoded: Encoded) -> None:
    assert draft(encoded, 1).text == "It rained."
    assert draft(encoded, 0).text == TEXT[:-11]


def test_what_surely_goes_is_left_out(encoded: Encoded, possible: tuple[Deletion, ...]) -> None:
    chances = sure(possible, "who was elected in May", "on Monday")
    assert trimmed(encoded, 0, possible, chances, 0.5).text == (
        "The mayor said that the old bridge would open again."
    )
    assert trimmed(encoded, 0, possible, [0.6] * len(possible), 0.7) == draft(encoded, 0)


def test_what_may_not_go_stays_however_sure(encoded: Encoded) -> None:
    text = "The mayor, who was not elected, said that the old bridge would open again in May."
    held = [one for one in deletions(text, encoded.sentences[0]) if not one.may]
    assert trimmed(encoded, 0, held, [1.0] * len(held), 0.5) == draft(encoded, 0)


@given(st.data())
def test_enough_is_left_whatever_goes(
    encoded: Encoded, possible: tuple[Deletion, ...], data: st.DataObject
) -> None:
    chances = data.draw(st.lists(st.floats(0, 1), min_size=len(possible), max_size=len(possible)))
    found = trimmed(encoded, 0, possible, chances, 0.3)
    assert count_words(found.text) >= MIN_LEFT_WORDS
    assert all(one.end <= two.start for one, two in zip(found.edits, found.edits[1:], strict=False))


def test_the_tokens_of_a_span_are_those_that_begin_in_it(encoded: Encoded) -> None:
    sentence = encoded.sentences[0]
    start = TEXT.index("on Monday")
    first, last = encoded.tokens(sentence, start, start + len("on Monday"))
    begins = encoded.starts[first:last].tolist()
    assert begins[0] == start
    assert begins[-1] < start + len("on Monday") <= encoded.starts[last]
    assert encoded.tokens(sentence, start, start)[0] == first


def test_words_are_counted_as_people_count_them() -> None:
    assert count_words("The U.S. — a non-stop, $3.5 million plan —") == 7
    assert count_words("… — !") == 0
