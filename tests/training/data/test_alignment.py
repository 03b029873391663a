"""Which sentences a summary was made from, and by which steps a sentence is rewritten."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder, Encoded
from models.tasks.summary.decision import all_words
from models.tasks.summary.own_words import OwnWords
from models.text.sentences import split
from models.text.words import normal_words
from training.data.alignment import (
    Pair,
    added_words,
    best_source,
    oracle,
    overlap,
    pair,
    summary_sentences,
)

SOURCE = "The mayor, Ann Lee, said on Monday that the tram would cost 310 million euros."
OWN = OwnWords(("</s>", "the", "says", "a", ",", "euros"))


@pytest.fixture(scope="module")
def encoder(tiny_artifact: Artifact) -> ArticleEncoder:
    return ArticleEncoder(tiny_artifact.tokenizer, max_windows=1)


@pytest.fixture(scope="module")
def encoded(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(SOURCE, split(SOURCE))


def align(encoder: ArticleEncoder, encoded: Encoded, line: str) -> Pair | None:
    held = all_words(encoded.text)
    return pair(encoded, encoded.sentences[0], normal_words(line), OWN, encoder, held)


def test_a_summary_is_read_line_by_line_without_stops_and_lead_ins() -> None:
    lines = summary_sentences("NEW: The tram is dear.\n\n Ann Lee says so .\nWhy?")
    assert lines == [["the", "tram", "is", "dear"], ["ann", "lee", "says", "so"], ["why", "?"]]


def test_the_best_source_holds_most_of_the_content() -> None:
    sentences = [
        normal_words("Rain fell."),
        normal_words(SOURCE),
        normal_words("The tram would cost 310 million."),
    ]
    assert (
        best_source(normal_words("the tram costs 310 million euros , says mayor"), sentences) == 1
    )
    assert (
        best_source(normal_words("the tram would cost 310 million"), sentences) == 1
    )  # the first of equals
    assert best_source(normal_words("nobody knew why the bridge fell"), sentences) is None
    assert best_source(normal_words("the tram"), sentences) is None  # too short to learn from
    assert best_source(normal_words("of the and to in on"), sentences) is None
    assert best_source(normal_words("the tram would cost 310 million"), []) is None


def test_copied_words_point_at_their_places(encoder: ArticleEncoder, encoded: Encoded) -> None:
    found = align(encoder, encoded, "the tram would cost 310 million euros")
    assert found is not None
    source = normal_words(SOURCE)
    # "the" stands at 0 and 10; the nearest ahead of nothing copied yet is the first
    assert found.copied.tolist() == [0, 11, 12, 13, 14, 15, 16, -1]
    assert [source[place] for place in found.copied[:-1]] == normal_words(
        "the tram would cost 310 million euros"
    )
    assert found.source[0] == found.source[10]  # one number for one word
    assert found.target[:-1].tolist() == [found.source[place] for place in found.copied[:-1]]
    pieces = [int(encoded.ids[found.words[place]]) for place in found.copied[:-1]]
    assert found.pieces[:-1].tolist() == pieces
    assert (found.first, found.last) == (encoded.sentences[0].first, encoded.sentences[0].last)


def test_own_words_and_the_end_are_own_steps(encoder: ArticleEncoder, encoded: Encoded) -> None:
    found = align(encoder, encoded, "the tram would cost 310 million , says mayor ann lee")
    assert found is not None
    line = normal_words("the tram would cost 310 million , says mayor ann lee")
    own = [OWN.index.get(word, -1) for word in line]
    # "says" has content that the article lacks: it may not be used, and nothing reaches it
    own[line.index("says")] = -1
    assert found.own.tolist() == [*own, 0]
    assert found.target[line.index("says")] == -1
    assert found.copied[line.index("says")] == -1
    assert found.target[-1] == -1
    assert found.pieces[line.index("says")] == encoder.first_piece("says")


def test_copying_goes_on_where_it_was(encoder: ArticleEncoder) -> None:
    text = "Ann saw the tram, Ben took the bus, and the tram was late for Ann again."
    encoded = encoder.article(text, split(text))
    found = align(encoder, encoded, "ben took the bus and the tram was late")
    assert found is not None
    assert found.copied.tolist() == [5, 6, 7, 8, 10, 11, 12, 13, 14, -1]


def test_what_cannot_be_written_is_no_pair(encoder: ArticleEncoder, encoded: Encoded) -> None:
    assert align(encoder, encoded, "rain fell on all of the old town today") is None


def test_the_oracle_picks_what_makes_the_summary() -> None:
    sentences = [
        normal_words(line) for line in ("rain fell", "ann lee left the town", "the tram is late")
    ]
    wanted = [normal_words("the tram is late"), normal_words("ann lee left")]
    assert sorted(oracle(sentences, wanted)) == [1, 2]
    assert oracle(sentences, wanted)[0] == 2  # the most first
    assert oracle(sentences, [normal_words("nobody knew")]) == []
    assert oracle([], wanted) == []


def test_the_oracle_does_not_pick_the_same_twice() -> None:
    sentences = [normal_words("the tram is late")] * 3
    assert oracle(sentences, [normal_words("the tram is late")]) == [0]


WORD = st.sampled_from(["the", "tram", "is", "late", "again", "said", "ann", "lee"])


@given(st.lists(st.lists(WORD, max_size=6), max_size=6), st.lists(WORD, min_size=1, max_size=8))
def test_each_pick_of_the_oracle_adds_to_it(sentences: list[list[str]], wanted: list[str]) -> None:
    picked = oracle(sentences, [wanted])
    assert len(set(picked)) == len(picked) <= 3
    scores = [overlap(picked[:count], sentences, wanted) for count in range(len(picked) + 1)]
    assert all(a < b for a, b in itertools.pairwise(scores))


def test_overlap_is_the_sum_of_unigram_and_bigram_f1() -> None:
    sentences = [normal_words("the tram is late")]
    assert overlap([0], sentences, normal_words("the tram is late")) == pytest.approx(2.0)
    # 2 of 4 and 4 words, 1 of 3 and 3 pairs
    assert overlap([0], sentences, normal_words("the tram was early")) == pytest.approx(0.5 + 1 / 3)
    assert overlap([], sentences, normal_words("the tram")) == 0.0


def test_own_words_are_those_that_summaries_add_most() -> None:
    pairs = [
        (normal_words("ann said it"), normal_words("ann says it , 7 times")),
        (normal_words("ben said so"), normal_words("ben says so")),
    ]
    assert added_words(pairs, 3) == ["</s>", "says", ","]
    assert "7" not in added_words(pairs, 10)  # numbers come from the article alone
