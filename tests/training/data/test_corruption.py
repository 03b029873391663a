"""Sentences with one mistake, of those that an editor makes."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from training.data.corruption import MIN_WORDS, MISTAKES, corrupted

SENTENCE = "The council said on Monday that the old bridge would open again in May."


@given(st.lists(st.text("abcXYZ,.'", min_size=1, max_size=6), max_size=30), st.integers(0, 1000))
def test_a_corrupted_sentence_is_another_one_of_the_same_letters(
    words: list[str], seed: int
) -> None:
    sentence = " ".join(words)
    broken = corrupted(sentence, random.Random(seed))
    if len(words) < MIN_WORDS:
        assert broken is None
    if broken is not None:
        assert broken.split() != words
        assert set(broken.lower()) <= set(sentence.lower()) | {'"', "."}


def test_every_mistake_is_made_and_the_same_draw_makes_the_same() -> None:
    made = Counter(corrupted(SENTENCE, random.Random(seed)) for seed in range(400))
    assert len(made) > 50
    assert any(each and '"' in each for each in made)
    assert any(each and "oldbridge" in each for each in made)
    assert corrupted(SENTENCE, random.Random(3)) == corrupted(SENTENCE, random.Random(3))
    for mistake in MISTAKES:
        assert mistake(SENTENCE.split(), random.Random(1)) != SENTENCE.split()
