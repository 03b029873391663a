"""Summaries: within the limit, without repeats, out of the article alone."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.analysis import Summary
from models.article import Style
from models.encoding.tokens import ArticleEncoder, Encoded
from models.tasks.summary import decision
from models.tasks.summary.own_words import OwnWords
from models.tasks.summary.writer import Draft, Request
from models.text.sentences import split
from tests.support.articles import OPINION, SAMPLES, SECTIONS

TRAM = (
    "The council voted on Monday to build the tram. It will cost 310 million euros. "
    "On Monday the council voted to build the new tram. Shops in Mill Street fear the works. "
    "He said no."
)
TEXTS = [sample.text for sample in (*SAMPLES, OPINION, SECTIONS)]


@pytest.fixture(scope="module")
def tram(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(TRAM, split(TRAM))


@pytest.fixture(scope="module")
def encoding(encoder: ArticleEncoder) -> Callable[[int], Encoded]:
    """The texts by number. (A list would be printed whole by hypothesis.)"""
    return [encoder.article(text, split(text)) for text in TEXTS].__getitem__


def texts(found: Summary) -> list[str]:
    return [sentence.text for sentence in found.sentences]


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("one", 1), ("It’s 4.5% — or so.", 4), ("a-b c/d\n\te", 3), ("… – !", 0)],
)
def test_words_are_counted_as_people_do(text: str, count: int) -> None:
    assert decision.count_words(text) == count


def test_the_best_sentences_come_in_the_articles_order(tram: Encoded) -> None:
    found = decision.extractive(tram, [1.0, 0.0, 0.5, 3.0, 2.0], 17)
    assert texts(found) == [
        "The council voted on Monday to build the tram.",
        "Shops in Mill Street fear the works.",
    ]
    assert (found.style, found.words, found.support) == (Style.EXTRACTIVE, 16, 1.0)


def test_a_sentence_that_repeats_another_is_left_out(tram: Encoded) -> None:
    found = decision.extractive(tram, [3.0, 0.0, 2.9, 0.0, 0.0], 60)
    assert "On Monday the council voted to build the new tram." not in texts(found)
    assert "Shops in Mill Street fear the works." in texts(found)


def test_a_sentence_that_hangs_on_the_one_before_costs_unless_that_is_there(tram: Encoded) -> None:
    it, shops = "It will cost 310 million euros.", "Shops in Mill Street fear the works."
    assert texts(decision.extractive(tram, [0.0, 1.5, 0.0, 1.3, 9.0], 8)) == [shops]
    assert texts(decision.extractive(tram, [9.0, 1.5, 0.0, 1.3, 9.0], 16))[1:] == [it]
    assert it in texts(decision.extractive(tram, [0.0, 9.0, 0.0, 1.3, 9.0], 8)), "it only costs"


def test_of_equals_the_earlier_is_picked(tram: Encoded) -> None:
    found = decision.extractive(tram, [1.0, 0.0, 0.0, 1.1, 0.0], 10)
    assert texts(found) == ["The council voted on Monday to build the tram."]


def test_the_opening_of_an_article_may_be_a_pronoun(encoder: ArticleEncoder) -> None:
    text = "It was the worst storm for years. Roofs were torn off in the old town."
    encoded = encoder.article(text, split(text))
    opening = texts(decision.extractive(encoded, [0.6, 0.5], 9))
    assert opening == ["It was the worst storm for years."]


def test_a_line_without_a_stop_is_a_last_resort(encoder: ArticleEncoder) -> None:
    text = "Nine things to know about the tram\n\nThe council voted to build it on Monday."
    encoded = encoder.article(text, split(text))
    found = decision.extractive(encoded, [1.0, 0.0], 9)
    assert texts(found) == ["The council voted to build it on Monday."]


def test_a_limit_that_no_sentence_keeps_cuts_the_best_visibly(tram: Encoded) -> None:
    found = decision.extractive(tram, [1.0, 0.0, 0.5, 0.9, 0.0], 4)
    assert found.text == "The council voted on …"
    assert found.words == 4
    assert not found.sentences[0].rewritten


def requests(encoded: Encoded, salience: list[float], most: int) -> list[Request]:
    return decision.requests(0, encoded, salience, most)


def test_as_many_sentences_are_drafted_as_may_be_needed(encoding: Callable[[int], Encoded]) -> None:
    encoded = encoding(-1)
    salience = [float(-index) for index in range(len(encoded.sentences))]
    drafted = [len(requests(encoded, salience, most)) for most in (10, 60, 300)]
    assert drafted == sorted(drafted)
    assert 1 <= drafted[0] <= 2
    assert drafted[-1] <= len(encoded.sentences)


def test_what_is_drafted_is_the_best_without_repeats(tram: Encoded) -> None:
    chosen = requests(tram, [3.0, 0.0, 2.9, 1.0, 0.0], 60)
    assert [tram.sentences.index(request.sentence) for request in chosen] == [0, 3, 1]
    assert {"tram", "310", "euros"} <= chosen[0].article_words


OWN = OwnWords(("</s>", "the", "has", ",", "says", "in"))


def test_rewritten_sentences_say_so_and_the_others_stand_in(tram: Encoded) -> None:
    salience = [3.0, 0.0, 0.0, 2.0, 0.0]
    asked = requests(tram, salience, 20)
    good, bad = Draft([1, 2, 5, 6, 7, 8], [(6, -0.1)]), Draft([0, 1, 2])
    found = decision.written(tram, salience, 20, list(zip(asked, (good, bad), strict=False)), OWN)
    assert texts(found) == [
        "Council voted to build the tram.",
        "Shops in Mill Street fear the works.",
    ]
    assert [sentence.rewritten for sentence in found.sentences] == [True, False]
    for sentence, index in zip(found.sentences, (0, 3), strict=True):
        source = tram.sentences[index]
        assert (sentence.source.start, sentence.source.end) == (source.start, source.end)
    assert found.style is Style.WRITTEN


def test_support_is_the_share_of_content_that_the_article_holds() -> None:
    held = decision.all_words("The tram costs 310 million.")
    assert decision.support("The tram will cost 310 euros.", held) == pytest.approx(0.5)
    assert decision.support("It is.", held) == 1.0


@given(st.sampled_from(range(len(TEXTS))), st.integers(1, 300), st.integers())
@settings(max_examples=150)
def test_no_summary_is_longer_than_asked(
    encoding: Callable[[int], Encoded], number: int, most: int, seed: int
) -> None:
    encoded, draw = encoding(number), random.Random(seed)
    salience = [draw.gauss(0, 2) for _ in encoded.sentences]
    drafted = []
    for request in requests(encoded, salience, most):
        words = draw.sample(range(len(request.words)), min(9, len(request.words)))
        drafted.append((request, Draft(words, [(len(words), -0.1)])))
    for found in (
        decision.extractive(encoded, salience, most),
        decision.written(encoded, salience, most, drafted, OWN),
    ):
        assert 0 < found.words == decision.count_words(found.text) <= most
        assert found.text == " ".join(texts(found))
        sources = [sentence.source for sentence in found.sentences]
        assert sources == sorted(sources, key=lambda span: span.start)
        assert len(set(sources)) == len(sources)
        spans = {(sentence.start, sentence.end) for sentence in encoded.sentences}
        assert {(span.start, span.end) for span in sources} <= spans
        for sentence in found.sentences:
            quoted = " ".join(encoded.text[sentence.source.start : sentence.source.end].split())
            assert sentence.rewritten or quoted.startswith(sentence.text.removesuffix(" …"))
        assert found.support == 1.0


def test_a_long_limit_is_used(encoding: Callable[[int], Encoded]) -> None:
    encoded = encoding(-1)
    salience = [0.0] * len(encoded.sentences)
    assert decision.extractive(encoded, salience, 120).words >= 0.8 * 120
    none = [(request, Draft()) for request in requests(encoded, salience, 120)]
    assert decision.written(encoded, salience, 120, none, OWN).words >= 0.8 * 120
