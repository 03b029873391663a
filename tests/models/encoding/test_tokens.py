"""From text to windows of tokens: everything is read once, and offsets are the text's own."""

from __future__ import annotations

import itertools
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from models.analysis import Span
from models.encoding.tokens import MAX_TARGET_TOKENS, ArticleEncoder, Encoded
from models.network.padding import pad, ranges
from models.text.sentences import split
from models.text.words import WORD
from tests.support.articles import LONG_TEXT, SAMPLES, SECTIONS, Sample

# What real pastes hold and tokenizers stumble over: NUL, bidi marks, zero-width characters, lone
# combining marks, emoji with joiners, ligatures, no-break and line-separating spaces, CJK.
ODD = "\x00\x1b\xa0\xad\u0301\u0308\u200b\u200d\u200e\u202e\u2028\ufeff\ufffd👩‍🚀🇩🇪ﬁß東京İ’“”—…"
odd_text = st.text(
    st.one_of(st.sampled_from(ODD + " .,!?\nabcXYZ019"), st.characters(exclude_categories=["Cs"]))
)


def encode(encoder: ArticleEncoder, text: str, title: str | None = None) -> Encoded:
    return encoder.article(text, split(text), title)


def windows_of(encoded: Encoded) -> list[list[int]]:
    ends = list(itertools.accumulate(encoded.windows))
    return [
        encoded.ids[end - size : end].tolist()
        for end, size in zip(ends, encoded.windows, strict=True)
    ]


def check(encoded: Encoded, tokenizer: Tokenizer, window: int) -> None:
    """What holds for every article, however it was cut."""
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    assert sum(encoded.windows) == len(encoded.ids) == len(encoded.starts)
    for tokens in windows_of(encoded):
        assert 2 <= len(tokens) <= window
        assert tokens[0] == cls
        assert tokens[-1] == sep
    inside = [index for first, last in encoded.segments for index in range(first, last)]
    assert inside == [i for i, token in enumerate(encoded.ids) if token not in (cls, sep)]
    for sentence in encoded.sentences:
        starts = encoded.starts[sentence.first : sentence.last]
        assert all(np.diff(starts) >= 0)
        assert sentence.start <= starts[0] <= starts[-1] < sentence.end
    if encoded.title:
        starts = encoded.starts[encoded.title.first : encoded.title.last]
        assert all(np.diff(starts) >= 0)
        assert 0 <= starts[0] <= starts[-1] < encoded.title.end == len(encoded.heading)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.topic)
def test_every_token_of_every_sentence_is_read_once_in_order(
    sample: Sample, encoder: ArticleEncoder, tokenizer: Tokenizer
) -> None:
    text = sample.text
    encoded = encode(encoder, text)
    check(encoded, tokenizer, 512)
    spans = split(text)
    assert [(s.start, s.end) for s in encoded.sentences] == [(s.start, s.end) for s in spans]
    for sentence in encoded.sentences:
        alone = tokenizer.encode(text[sentence.start : sentence.end], add_special_tokens=False)
        assert encoded.ids[sentence.first : sentence.last].tolist() == alone.ids


def test_a_long_article_is_cut_into_windows_at_sentence_ends(
    encoder: ArticleEncoder, tokenizer: Tokenizer
) -> None:
    encoded = encode(encoder, SECTIONS.text)
    check(encoded, tokenizer, 512)
    assert len(encoded.windows) > 1
    assert not encoded.truncated
    assert len(encoded.sentences) == len(split(SECTIONS.text))


def test_what_is_beyond_the_last_window_is_reported(tokenizer: Tokenizer) -> None:
    short = ArticleEncoder(tokenizer, max_windows=2)
    encoded = encode(short, LONG_TEXT)
    check(encoded, tokenizer, 512)
    assert encoded.truncated
    assert len(encoded.windows) == 2
    assert len(encoded.sentences) < len(split(LONG_TEXT))
    following = split(LONG_TEXT)[len(encoded.sentences)]
    rest = tokenizer.encode(LONG_TEXT[following.start : following.end], add_special_tokens=False)
    assert encoded.windows[-1] + len(rest.ids) > 512  # no room was wasted


def test_a_sentence_longer_than_a_window_is_cut_and_reported(tokenizer: Tokenizer) -> None:
    encoded = encode(ArticleEncoder(tokenizer, max_windows=3, window=16), "tram " * 40 + "end.")
    check(encoded, tokenizer, 16)
    assert encoded.truncated


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
    st.integers(8, 24),
    st.integers(1, 4),
    st.integers(0, 20),
)
def test_windows_hold_for_all_lengths(
    tokenizer: Tokenizer, lengths: list[int], window: int, windows: int, title: int
) -> None:
    text = " ".join("a " * (length - 1) + "b." for length in lengths)
    ends = itertools.accumulate(len("a " * (length - 1) + "b. ") for length in lengths)
    starts = [0, *ends]
    spans = [Span(a, b - 1) for a, b in itertools.pairwise(starts)]
    encoded = ArticleEncoder(tokenizer, windows, window).article(text, spans, "c " * title)
    check(encoded, tokenizer, window)
    assert len(encoded.windows) <= windows
    whole = [s.last - s.first == n + 1 for s, n in zip(encoded.sentences, lengths, strict=False)]
    assert encoded.truncated != (len(whole) == len(lengths) and all(whole))
    assert all(whole) or max(lengths) + 1 > window - 2


@given(odd_text, odd_text)
@example("\x00\x00", "")
@example("e\u0301\u0301 ﬁne. 👩‍🚀 İ said.", "\u200b")
@settings(max_examples=200)
def test_offsets_survive_odd_characters(
    encoder: ArticleEncoder, tokenizer: Tokenizer, text: str, title: str
) -> None:
    encoded = encode(encoder, text, title)
    check(encoded, tokenizer, 512)
    for sentence in encoded.sentences:
        for word in encoded.words(sentence):
            assert sentence.start <= word.start < word.end <= sentence.end
            assert sentence.first <= word.token < sentence.last
            assert word.start <= encoded.starts[word.token] < word.end
            assert WORD.fullmatch(text, word.start, word.end)


def test_a_token_stands_where_its_characters_do(
    encoder: ArticleEncoder, tokenizer: Tokenizer
) -> None:
    text = "Über 40 Prozent, sagte 東京\u200bs “Café”-Chefin."
    encoded = encode(encoder, text)
    for token, start in zip(encoded.ids.tolist(), encoded.starts.tolist(), strict=True):
        piece = (tokenizer.id_to_token(token) or "").removeprefix("##")
        if start >= 0 and not piece.startswith("["):
            shown = unicodedata.normalize("NFD", text[start : start + len(piece)]).lower()
            assert shown[:1] == piece[:1]


def test_words_are_whole_and_point_at_their_first_token(
    encoder: ArticleEncoder, tokenizer: Tokenizer
) -> None:
    text = "The U.S. paid $3.20 (or 4.5%) to Jones's well-known firm."
    encoded = encode(encoder, text)
    words = encoded.words(encoded.sentences[0])
    assert [text[w.start : w.end] for w in words] == [
        "The", "U.S.", "paid", "$3.20", "(", "or", "4.5%", ")", "to", "Jones's", "well-known",
        "firm", ".",
    ]  # fmt: skip
    assert [int(encoded.starts[w.token]) for w in words] == [w.start for w in words]


def test_the_title_is_read_first_and_never_quoted(
    encoder: ArticleEncoder, tokenizer: Tokenizer
) -> None:
    encoded = encode(encoder, "It rained.", "The weather")
    assert encoded.title is not None
    assert encoded.title.first == 1
    assert encoded.segments[0] == (encoded.title.first, encoded.title.last)
    assert len(encoded.segments) == len(encoded.sentences) + 1
    long = encode(encoder, "It rained.", "weather " * 400)
    assert long.title is not None
    assert long.title.last - long.title.first == 512 // 4


def test_an_article_without_text_has_no_sentences(encoder: ArticleEncoder) -> None:
    assert not encode(encoder, "\x00 \u200b", "").sentences


def test_a_prompt_names_the_target_within_bounds(
    encoder: ArticleEncoder, tokenizer: Tokenizer
) -> None:
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    named = encoder.target("the tram")
    assert (named[0], *named[-2:]) == (cls, sep, sep)
    assert named[1:-2] == tokenizer.encode("the tram", add_special_tokens=False).ids
    assert encoder.target("") == [cls, sep, sep]
    assert len(encoder.target("tram " * 500)) == MAX_TARGET_TOKENS + 3


def test_a_sentence_is_read_alone_within_a_window(
    encoder: ArticleEncoder, tokenizer: Tokenizer
) -> None:
    ids = encoder.sentence("The tram ran.").tolist()
    assert ids[1:-1] == tokenizer.encode("The tram ran.", add_special_tokens=False).ids
    assert [ids[0], ids[-1]] == [tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")]
    assert len(encoder.sentence("tram " * 999)) == 512


def test_text_cannot_forge_a_special_token(encoder: ArticleEncoder, tokenizer: Tokenizer) -> None:
    encoded = encode(encoder, "[SEP] [CLS] [unused1] said.")
    check(encoded, tokenizer, 512)
    assert encoder.target("[SEP]")[1:-2] != [tokenizer.token_to_id("[SEP]")]


def test_a_tokenizer_without_the_special_tokens_is_refused() -> None:
    from tokenizers import models

    bare = Tokenizer(models.WordLevel({"a": 0}, unk_token="a"))
    with pytest.raises(ValueError, match=r"no token \[CLS\]"):
        ArticleEncoder(bare, max_windows=1)


@given(st.lists(st.lists(st.integers(0, 99), max_size=6), max_size=6), st.integers(-1, 0))
def test_padding_keeps_the_rows_and_marks_them(rows: list[list[int]], fill: int) -> None:
    padded, mask = pad(rows, fill)
    assert padded.shape == mask.shape == (len(rows), max(map(len, rows), default=0))
    for row, values, real in zip(rows, padded, mask, strict=True):
        assert values[real].tolist() == row
        assert set(values[~real].tolist()) <= {fill}
        assert real.tolist() == sorted(real.tolist(), reverse=True)


def test_ranges_become_an_index() -> None:
    index, mask = ranges([(3, 6), (0, 1), (2, 2)])
    assert index.tolist() == [[3, 4, 5], [0, 0, 0], [0, 0, 0]]
    assert mask.sum(1).tolist() == [3, 1, 0]
