"""Which words carry content, and which the writer may use without copying."""

from __future__ import annotations

import pytest

from models.text.words import OwnWords, is_content, normal

OWN = OwnWords(("</s>", "the", "said", ",", "police", "and"))


@pytest.mark.parametrize("word", ["police", "2024", "$3.20", "u.s.", "naïve", "東京"])
def test_words_and_numbers_carry_content(word: str) -> None:
    assert is_content(word)


@pytest.mark.parametrize("word", ["the", "of", "n't", ",", "—", "…", ""])
def test_function_words_and_marks_carry_none(word: str) -> None:
    assert not is_content(word)


def test_words_are_compared_in_lower_case_with_straight_apostrophes() -> None:
    assert normal("Don’t") == normal("don't") == "don't"


def test_an_own_word_of_content_may_be_used_only_where_the_article_holds_it() -> None:
    free = OWN.allowed(["tram"])
    held = OWN.allowed(["tram", "police"])
    assert [OWN.words[i] for i in range(len(OWN)) if free[i]] == ["</s>", "the", ",", "and"]
    assert [OWN.words[i] for i in range(len(OWN)) if held[i] and not free[i]] == ["police"]


def test_the_end_is_no_word_that_can_be_looked_up() -> None:
    assert "</s>" not in OWN.index
    assert OWN.index["the"] == 1
    assert not OWN.allowed(["</s>"])[2]


def test_asking_twice_gives_the_same() -> None:
    OWN.allowed(["police", "said"])
    assert not OWN.allowed([])[OWN.index["police"]]
