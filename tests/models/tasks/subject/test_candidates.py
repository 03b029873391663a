"""Which words may name what an article is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoding.tokens import ArticleEncoder, Encoded
from models.tasks.subject.candidates import (
    MAX_WORDS,
    NAMES,
    PLACES,
    SENTENCES,
    candidates,
    key_of,
)
from models.text.english import ENGLISH
from models.text.sentences import split
from tests.support.articles import LONG_TEXT, SAMPLES

TEXT = (
    "The council of Harlow Bend is to close the old bridge. The old bridge's arches leak. "
    "They close what ferry there is. "
    + "It rained. " * SENTENCES
    + "Ann Lee of the Tram Users’ Union wants a ferry."
)


def read(encoder: ArticleEncoder, text: str) -> Encoded:
    return encoder.article(text, split(text))


def test_runs_of_the_first_sentences_and_names_of_all_are_candidates(
    encoder: ArticleEncoder,
) -> None:
    found = {each.key: each for each in candidates(read(encoder, TEXT))}
    assert {"council of harlow bend", "old bridge", "ann lee"} <= found.keys()
    assert "bend is to close" not in found  # a verb stands in none
    assert "ferry" in found
    assert "close what ferry" not in found  # and no clause
    assert "wants a ferry" not in found  # late in the text names alone are looked at
    assert not any(key.split()[-1] in ENGLISH.function_words for key in found)
    bridge = found["old bridge"]
    assert (bridge.text, bridge.mentions) == ("old bridge", 2)
    assert [TEXT[span.start : span.end] for _, span in bridge.places] == [
        "old bridge",
        "old bridge's",
    ]


def test_what_stands_before_words_tells_whether_they_may_be_a_noun(
    encoder: ArticleEncoder,
) -> None:
    text = "The senate passed a bill that caps fees of old clinics, and Ann Lee won."
    found = {each.key: each.is_noun for each in candidates(read(encoder, text))}
    nouns = {key for key, is_noun in found.items() if is_noun}
    assert {"bill", "old clinics", "ann lee", "senate"} <= nouns
    assert not nouns & {"caps", "passed", "clinics"}
    assert "senate passed a bill" not in found
    assert not candidates(read(encoder, "It quickly hit them."))[0].key.startswith("quickly")


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("The Old Bridge", "old bridge"),
        ("Harlow Bend’s", "harlow bend"),
        ("a", "a"),
        ("“Ferry”!", "ferry"),
        ("?", ""),
    ],
)
def test_how_names_are_compared(words: str, key: str) -> None:
    assert key_of(words, ENGLISH) == key


@given(st.sampled_from([*(sample.text for sample in SAMPLES), LONG_TEXT]) | st.text(max_size=300))
def test_candidates_are_words_of_the_text(encoder: ArticleEncoder, text: str) -> None:
    encoded = read(encoder, text)
    found = candidates(encoded)
    assert len({each.key for each in found}) == len(found)
    late = [each for each in found if each.places[0][0] >= SENTENCES]
    assert len(late) <= NAMES
    for each in found:
        assert 1 <= len(each.places) <= PLACES
        assert each.mentions >= len(each.places)
        assert each.key.count(" ") < MAX_WORDS + 4
        for number, span in each.places:
            sentence = encoded.sentences[number]
            assert sentence.start <= span.start < span.end <= sentence.end
            assert key_of(text[span.start : span.end], ENGLISH) == each.key
