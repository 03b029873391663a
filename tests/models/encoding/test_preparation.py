"""From an article as it is sent to what the model reads: all that can be read, and no more."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from models.article import Article, Options
from models.encoding.preparation import MAX_REMOVED, Prepared, Preparer
from models.errors import ArticleTooLong, EmptyArticle
from models.text import cleaning
from models.text.cleaning import MAX_CHARS, MAX_LINES, beginning, clean, cut
from tests.support.articles import SAMPLES, SECTIONS, WEB_PAGE, Sample

SENTENCE = "The council of Velmora voted on Monday to reopen the old harbour bridge in May. "


@pytest.fixture(scope="module")
def preparer(tokenizer: Tokenizer) -> Preparer:
    return Preparer(tokenizer.to_str(), max_windows=2, window=32)


@pytest.fixture(scope="module")
def wide(tokenizer: Tokenizer) -> Preparer:
    return Preparer(tokenizer.to_str(), max_windows=8, window=512)


def same(one: Prepared, other: Prepared) -> bool:
    return (
        one.encoded.ids.tolist() == other.encoded.ids.tolist()
        and one.encoded.sentences == other.encoded.sentences
        and (one.removed, one.language) == (other.removed, other.language)
    )


def test_it_can_be_sent_to_another_process(wide: Preparer) -> None:
    there = pickle.loads(pickle.dumps(wide))
    for sample in SAMPLES:
        options = Options(targets=("the council", "rain"))
        article = Article(sample.text, sample.title, options=options)
        assert same(there(article), wide(article))


def test_what_comes_back_from_another_process_is_the_same(wide: Preparer) -> None:
    prepared = wide(Article(SAMPLES[0].text, options=Options(targets=("the council",))))
    there: Prepared = pickle.loads(pickle.dumps(prepared))
    assert same(there, prepared)
    assert there.tokens == prepared.tokens
    assert there.questions[0][1].named == prepared.questions[0][1].named


@pytest.mark.parametrize("times", [1, 10, 1000])
def test_an_article_behind_menus_is_found(wide: Preparer, times: int) -> None:
    menus = "Home\nNews\nSport\nWeather\nSign in\n" * times
    prepared, alone = wide(Article(menus + "\n" + SECTIONS.text)), wide(Article(SECTIONS.text))
    assert prepared.encoded.ids.tolist() == alone.encoded.ids.tolist()
    assert prepared.language == alone.language
    assert not prepared.encoded.truncated


def test_behind_what_fills_the_windows_nothing_is_searched(preparer: Preparer) -> None:
    short, long = SENTENCE * 100, SENTENCE * 20_000
    assert len(preparer(Article(long)).encoded.text) <= len(short)
    assert same(preparer(Article(long)), preparer(Article(short)))


def test_what_is_not_searched_counts_as_cut_off(wide: Preparer) -> None:
    text = "ad\n" * MAX_LINES + SENTENCE
    with pytest.raises(EmptyArticle):
        wide(Article(text))
    told = SENTENCE + "\n" + "ad\n" * MAX_LINES
    assert wide(Article(told)).encoded.truncated
    with pytest.raises(ArticleTooLong):
        wide(Article(told, options=Options(strict=True)))
    assert not wide(Article(SENTENCE + "\n" * MAX_CHARS)).encoded.truncated


def test_a_menu_is_reported_once(wide: Preparer) -> None:
    lines = ["Home", "News", "Sport", "Weather", "Sign in"]
    text = "\n".join([*lines, SENTENCE * 3, "Share", SENTENCE * 2])
    removed = wide(Article(text)).removed
    assert [text[part.start : part.end] for part in removed] == ["\n".join(lines), "Share"]


def test_what_is_reported_is_bounded(wide: Preparer) -> None:
    text = f"{SENTENCE}\nShare\n" * 2000
    removed = wide(Article(text.replace("Monday", "Friday", 1))).removed
    assert len(removed) <= MAX_REMOVED


@pytest.mark.parametrize("sample", [*SAMPLES])
def test_a_text_that_is_searched_whole_is_cleaned_as_such(sample: Sample) -> None:
    assert beginning(sample.text, None, 4096) == (len(sample.text), clean(sample.text))
    assert beginning(WEB_PAGE, None, 4096) == (len(WEB_PAGE), clean(WEB_PAGE))


PARTS = st.lists(
    st.sampled_from(["word ", "Ad\n", "Share\n", SENTENCE, "\n", "…", "x" * 30, "東京"]),
    max_size=60,
)


@settings(max_examples=200)
@given(PARTS, st.integers(1, 40))
def test_the_part_that_is_searched_holds_enough_words_or_is_all(
    parts: list[str], words: int
) -> None:
    text = "".join(parts)
    end, removed = beginning(text, None, words)
    assert 0 <= end <= len(text)
    assert all(part.end <= end for part in removed)
    kept = cleaning.kept_text(text[:end], removed)
    assert end == len(text) or cleaning.has_words(kept, words)


@given(st.text(), st.integers(1, 50), st.integers(1, 10))
def test_a_cut_keeps_its_bounds(text: str, chars: int, lines: int) -> None:
    end = cut(text, chars, lines)
    assert end <= chars
    assert len([line for line in text[:end].split("\n") if line]) <= lines or "\n" not in text
    assert end or not text
