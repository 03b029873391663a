"""What a text looks like."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.text.sentences import split
from models.text.surface import CHARS, FEATURES, shown, surface
from tests.support.articles import SAMPLES

LIST = "Adult 4.50\nChild 2.20\nDog 1.00\nBicycle 2.00\nFamily 9.00\n"
CODE = "def f(x):\n    return [y ** 2 for y in x if y > 0]\n\nprint(f([1, 2, 3]))\n"


@given(st.text(max_size=300))
def test_any_text_has_all_features(text: str) -> None:
    found = surface(text)
    assert len(found) == FEATURES
    assert all(math.isfinite(each) for each in found)


@pytest.mark.parametrize("odd", [LIST, CODE])
def test_lists_and_code_have_more_digits_marks_and_open_lines_than_news(odd: str) -> None:
    news = [surface(sample.text) for sample in SAMPLES]
    for place in (3, 5):  # marks, lines without an end
        assert surface(odd)[place] > max(each[place] for each in news)


def test_what_was_left_out_is_not_looked_at_and_lines_stay() -> None:
    text = "MENU\nRain fell. Wind rose.\nThe end.\n"
    read = [Span(5, 15), Span(16, 26), Span(27, 35)]
    assert shown(text, read) == "Rain fell. Wind rose.\nThe end."
    assert len(shown("It rained. " * 400, split("It rained. " * 400))) == CHARS
    assert shown(text, []) == ""
