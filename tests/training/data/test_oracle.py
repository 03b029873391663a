"""Which sentences a reference summary was made from."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder, Encoded
from models.text.sentences import split
from tests.support.articles import CRIME
from training.data.oracle import oracle, overlap


@pytest.fixture(scope="module")
def encoder(tiny_artifact: Artifact) -> ArticleEncoder:
    return ArticleEncoder(tiny_artifact.tokenizer, max_windows=1)


def encoded(encoder: ArticleEncoder, text: str) -> Encoded:
    return encoder.article(text, split(text))


def test_the_sentences_that_hold_the_summary_are_found(encoder: ArticleEncoder) -> None:
    text = "Rain fell on Monday. The mayor said the tram is dear. Nobody knew why it rained."
    assert oracle(encoded(encoder, text), "NEW: The tram is dear, the mayor said.") == (1,)
    assert set(oracle(encoded(encoder, text), "The tram is dear.\nRain fell on Monday.")) == {0, 1}


def test_a_summary_of_other_words_has_no_sentence(encoder: ArticleEncoder) -> None:
    assert oracle(encoded(encoder, CRIME.text), "zzz qqq") == ()


WORDS = st.lists(st.sampled_from("abcde"), max_size=5)


@given(st.lists(WORDS, min_size=1, max_size=5), WORDS)
def test_the_overlap_of_the_whole_is_one(sentences: list[list[str]], wanted: list[str]) -> None:
    everything = list(itertools.chain.from_iterable(sentences))
    numbers = range(len(sentences))
    assert 0 <= overlap(numbers, sentences, wanted) <= 2
    if len(everything) > 1:
        assert overlap(numbers, sentences, everything) == pytest.approx(2)
