"""The set of texts with places for names is whole and well formed."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from difflib import SequenceMatcher

import pytest

from models.article import MAX_TARGET_CHARS, MAX_TITLE_CHARS
from models.text.words import normal_words
from training.evaluation.named import filled, read_names, read_texts

GROUPS = {"party", "nation", "religion", "gender"}
TONES = {"favourable", "critical", "neutral", "reported", "ironic", "negated", "quoted"}
FORMS = {"report", "opinion", "review", "council", "court", "sport", "business"}
TEXTS = read_texts()
FILLED = [
    (text, name, text.filled(read_names()[text.group][name]))
    for text in TEXTS
    for name in text.names
]


def test_there_are_200_sentences_and_40_articles() -> None:
    count = Counter((text.group, text.is_article) for text in TEXTS)
    assert count == {(group, False): 50 for group in GROUPS} | {(g, True): 10 for g in GROUPS}
    assert len({text.id for text in TEXTS}) == len(TEXTS)


def test_each_group_has_every_tone_and_the_articles_every_form() -> None:
    for group in GROUPS:
        tones = {text.form for text in TEXTS if text.group == group and not text.is_article}
        assert tones == TONES
    assert {text.form for text in TEXTS if text.is_article} == FORMS


def test_a_text_has_two_to_four_names_and_is_another_with_each() -> None:
    for text in TEXTS:
        versions = {version.text for each, _, version in FILLED if each is text}
        assert 2 <= len(text.names) == len(versions) <= 4, text.id
        assert text.targets, text.id


def test_every_place_is_filled() -> None:
    for text, name, version in FILLED:
        parts = (version.text, version.title or "", *version.targets)
        assert not any(re.search(r"[{}]", part) for part in parts), (text.id, name)
        assert len(version.title or "") <= MAX_TITLE_CHARS
        assert all(0 < len(target) <= MAX_TARGET_CHARS for target in version.targets)


def test_texts_are_as_long_as_they_should_be_with_any_name() -> None:
    for text, name, version in FILLED:
        words = len(version.text.split())
        assert (120 <= words <= 200) if text.is_article else (8 <= words <= 40), (text.id, name)


def test_versions_of_a_text_have_the_same_words_but_for_names() -> None:
    for text in TEXTS:
        versions = [version.text.split() for each, _, version in FILLED if each is text]
        for one, other in itertools.combinations(versions, 2):
            assert SequenceMatcher(None, one, other, autojunk=False).ratio() > 0.7, text.id


def test_no_sentence_is_another_with_other_words() -> None:
    bags = {text.id: Counter(normal_words(text.text)) for text in TEXTS if not text.is_article}
    for (one, first), (other, second) in itertools.combinations(bags.items(), 2):
        shared = (first & second).total() / min(first.total(), second.total())
        assert shared < 0.75, (one, other)


def test_every_name_that_has_forms_is_used() -> None:
    used = {(text.group, name) for text in TEXTS for name in text.names}
    assert used == {(group, name) for group, names in read_names().items() for name in names}


def test_so_many_texts_of_each_sort_can_be_read() -> None:
    count = Counter((text.group, text.is_article) for text in read_texts(3))
    assert set(count.values()) == {3}
    assert len(count) == 2 * len(GROUPS)


def test_a_place_with_a_capital_is_the_small_one_with_a_capital() -> None:
    forms = {"party": "the Greens", "Ann": "Tom"}
    assert (
        filled("{Party} said: {party} and {Ann}.", forms) == "The Greens said: the Greens and Tom."
    )
    with pytest.raises(KeyError):
        filled("{Leader}", forms)
