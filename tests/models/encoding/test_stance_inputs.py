"""What of an article is read with a target: the passages that mention it, and the lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoding.stance_inputs import PASSAGE_TOKENS, StanceInput, questions
from models.encoding.tokens import MAX_TARGET_TOKENS, ArticleEncoder, Encoded
from models.text.sentences import split
from tests.support.articles import LONG_TEXT, SPORT


@pytest.fixture(scope="module")
def long(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(LONG_TEXT, split(LONG_TEXT), "A long day")


def ask(encoder: ArticleEncoder, encoded: Encoded, target: str) -> StanceInput:
    (question,) = questions(encoded, [(target, encoder.target(target))])
    return question


def read(encoded: Encoded, question: StanceInput) -> str:
    """The text that is read with a target."""
    chosen = [encoded.sentences[p.sentence] for p in question.places if p.sentence is not None]
    return " ".join(encoded.text[s.start : s.end] for s in chosen)


def test_a_short_article_is_read_whole_behind_its_target(encoder: ArticleEncoder) -> None:
    encoded = encoder.article("It rained. It stopped.", split("It rained. It stopped."), "Rain")
    question = ask(encoder, encoded, "rain")
    prompt = encoder.target("rain")
    assert question.ids.tolist() == [*prompt, *encoded.ids[1:-1], prompt[-1]]
    assert question.asked == len(prompt)
    assert [place.sentence for place in question.places] == [None, 0, 1]


@given(target=st.sampled_from(["Chidi Okafor", "pilot reform of schools", "", "?", "a " * 500]))
def test_sentences_stand_in_order_and_within_the_room(
    long: Encoded, encoder: ArticleEncoder, target: str
) -> None:
    question = ask(encoder, long, target)
    numbers = [place.sentence for place in question.places if place.sentence is not None]
    assert question.places[0].sentence is None
    assert numbers == sorted(set(numbers))
    assert question.asked <= MAX_TARGET_TOKENS + 2
    end = question.asked
    for place in question.places:
        first, last = (
            long.title or (0, 0)
            if place.sentence is None
            else (long.sentences[place.sentence].first, long.sentences[place.sentence].last)
        )
        assert place.first == end
        assert question.ids[place.first : place.last].tolist() == long.ids[first:last].tolist()
        end = place.last
    assert end - question.asked <= PASSAGE_TOKENS
    assert len(question.ids) == end + 1


def test_passages_that_name_the_target_come_before_all_others(encoder: ArticleEncoder) -> None:
    text = f"{LONG_TEXT[:3500]}\n\n{SPORT.text}"
    encoded = encoder.article(text, split(text))
    question = ask(encoder, encoded, "Okafor")
    naming = [n for n, s in enumerate(encoded.sentences) if "Okafor" in text[s.start : s.end]]
    chosen = {place.sentence for place in question.places}
    others = chosen - set(naming)
    assert naming[0] in chosen
    assert set(naming) <= chosen or not others - {0}


def test_where_no_passage_names_it_the_lead_is_read(long: Encoded, encoder: ArticleEncoder) -> None:
    question = ask(encoder, long, "quantum chromodynamics")
    assert read(long, question).startswith("The people of Harlow Bend have decided to leave.")


def test_a_sentence_without_room_is_cut_if_it_is_the_first(encoder: ArticleEncoder) -> None:
    text = "rain and " * 300 + "snow fell."
    encoded = encoder.article(text, split(text))
    (place,) = ask(encoder, encoded, "rain").places
    assert place.last - place.first == PASSAGE_TOKENS


def test_each_target_has_its_own_question(long: Encoded, encoder: ArticleEncoder) -> None:
    targets = ("Okafor", "the mine", "Okafor")
    asked = questions(long, [(target, encoder.target(target)) for target in targets])
    assert [q.ids.tolist() for q in asked] == [ask(encoder, long, t).ids.tolist() for t in targets]
