"""The same text and nearly the same text are found, and others are not."""

from __future__ import annotations

import random

import pytest

from tests.support.articles import SAMPLES
from training.data.duplicates import NearTexts, fingerprint, words


def changed(text: str, share: float, seed: int = 0) -> str:
    """A text of which some words are others."""
    draw = random.Random(seed)
    return " ".join(f"word{n}" if draw.random() < share else w for n, w in enumerate(text.split()))


def test_letters_and_digits_make_a_text_the_same() -> None:
    one, same, other = (
        fingerprint(words(text))
        for text in ("On 5 May, it RAINED.", "on\n5 may it-rained", "On 6 May, it rained.")
    )
    assert one == same
    assert one != other


@pytest.mark.parametrize(("share", "is_found"), [(0.01, True), (0.03, True), (0.25, False)])
def test_a_text_with_some_other_words_is_found(share: float, is_found: bool) -> None:
    texts = NearTexts()
    for number, sample in enumerate(SAMPLES):
        sketch = texts.sketch(words(sample.text))
        assert sketch is not None
        assert texts.near(sketch) == []
        texts.add(number, sketch)
    for number, sample in enumerate(SAMPLES):
        sketch = texts.sketch(words(changed(sample.text, share)))
        assert sketch is not None
        assert [found for found, _ in texts.near(sketch)] == [number] * is_found


def test_a_few_words_are_the_same_or_not() -> None:
    assert NearTexts().sketch(words("It rained on Monday and on Tuesday.")) is None
