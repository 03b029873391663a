"""What of an article is read with a target: the passages that mention it, and the lead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.article import Kind
from models.encoding.questions import (
    NEWS,
    NEWS_TOKENS,
    PASSAGE_TOKENS,
    TITLE_TOKENS,
    Passages,
    Question,
)
from models.encoding.tokens import MAX_TARGET_TOKENS, ArticleEncoder, Encoded
from models.text.sentences import split
from tests.support.articles import LONG_TEXT, SPORT


@pytest.fixture(scope="module")
def long(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(LONG_TEXT, split(LONG_TEXT), "A long day")


def ask(encoder: ArticleEncoder, encoded: Encoded, target: str) -> Question:
    return Passages(encoded).question(encoder.target(target), target)


def read(encoded: Encoded, question: Question) -> str:
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
    assert question.asked <= MAX_TARGET_TOKENS + 3
    end = question.asked
    for place in question.places:
        read = long.title if place.sentence is None else long.sentences[place.sentence]
        assert read is not None
        first, last = read.first, read.last
        assert place.first == end
        assert question.ids[place.first : place.last].tolist() == long.ids[first:last].tolist()
        end = place.last
    assert end - question.asked <= PASSAGE_TOKENS + TITLE_TOKENS
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


def test_the_news_is_looked_for_among_given_sentences(
    long: Encoded, encoder: ArticleEncoder
) -> None:
    prompt = encoder.target(NEWS)
    few = Passages(long).news(prompt, [3, 1])
    assert [place.sentence for place in few.places] == [None, 1, 3]
    assert few.ids[: few.asked].tolist() == prompt
    every = Passages(long).news(prompt, range(len(long.sentences)))
    assert len(every.ids) <= len(prompt) + NEWS_TOKENS + TITLE_TOKENS + 1
    assert [place.sentence for place in Passages(long).news(prompt, []).places] == [None]


def test_rare_words_of_a_target_count_more_than_common_ones(encoder: ArticleEncoder) -> None:
    common = "The council met about the town. " * 30
    text = f"{common}Okafor spoke. {common}"
    encoded = encoder.article(text, split(text))
    question = ask(encoder, encoded, "Okafor and the council of the town")
    assert "Okafor spoke." in read(encoded, question)


def test_the_sentence_behind_one_that_names_the_target_is_read_with_it(
    encoder: ArticleEncoder,
) -> None:
    filler = "Rain fell on the hills all day. " * 12
    text = f"{filler}Okafor left early. He was angry at them. {filler}"
    encoded = encoder.article(text, split(text))
    question = Passages(encoded).question(encoder.target("Okafor"), "Okafor", None, 60)
    assert "He was angry at them." in read(encoded, question)


@pytest.mark.parametrize("kind", [None, *Kind])
def test_a_question_says_what_was_said_of_its_target(
    long: Encoded, encoder: ArticleEncoder, kind: Kind | None
) -> None:
    question = Passages(long).question(encoder.target("the mine"), "the mine", kind)
    assert question.kind is kind
    assert question.named


def test_questions_of_an_article_do_not_depend_on_each_other(
    long: Encoded, encoder: ArticleEncoder
) -> None:
    passages = Passages(long)
    targets = ("Okafor", "the mine", "Okafor")
    asked = [passages.question(encoder.target(target), target) for target in targets]
    assert [q.ids.tolist() for q in asked] == [ask(encoder, long, t).ids.tolist() for t in targets]
