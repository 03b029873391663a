"""Which words carry content."""

from __future__ import annotations

import pytest

from models.text.words import is_content, normal


@pytest.mark.parametrize("word", ["police", "2024", "$3.20", "u.s.", "naïve", "東京"])
def test_words_and_numbers_carry_content(word: str) -> None:
    assert is_content(word)


@pytest.mark.parametrize("word", ["the", "of", "n't", ",", "—", "…", ""])
def test_function_words_and_marks_carry_none(word: str) -> None:
    assert not is_content(word)


def test_words_are_compared_in_lower_case_with_straight_apostrophes() -> None:
    assert normal("Don’t") == normal("don't") == "don't"
