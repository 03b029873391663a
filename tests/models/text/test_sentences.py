"""Sentences: where they end, in every shape that text comes in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.text.sentences import MAX_SENTENCE_CHARS, paragraphs, split, split_paragraph


def read(text: str, removed: tuple[Span, ...] = ()) -> list[str]:
    return [text[span.start : span.end] for span in split(text, removed)]


# One row per case; "|" marks where a sentence ends and stands for the space there.
ENDS = [
    "The Senate met on Monday.|It passed the bill.|Nobody spoke.",
    "The U.S. Senate met with Mr. Lee and Gen. J. K. Ross.|It adjourned at 5 p.m. on Monday.",
    "He works at Acme Inc.|The firm is in the U.S.|It grew last year.",
    "Acme Inc. Chairman Ray Lee left.|Then-Sen. Ann Ross stayed.",
    "The vote is on Jan. 5.|Was it No. 10 Downing Street?|No.|It was not.",
    "Shares fell 4.5 percent to $3.20.|Oil rose 1.2%.|Analysts expected that.",
    '"Why did it fail?" he asked.|"I do not know."|She left.',
    "“It is over,” he said.|“We lost.”|He wept.",
    "(The company declined to comment.)|Its lawyers did too.",
    "He paused... and went on.|Then he stopped...|Nobody spoke.",
    "Yahoo! shares rose.|Investors were happy!|Why?",
    "The case of Smith v. Jones stands.|Brown vs. Board is older.",
    "He quit at 65.|3 others followed.|iPhone sales fell.|eBay rose.",
    "1. The first point is cost.|2. The second is time.",
    "It was 2010.|Then came 2011.",
    "the spaniard won 6-1 on thursday.|nadal's serve was never broken.|he was pleased.",
    '"we are ready," said mr. jones of acme inc. on monday.|he gave no date.',
    '"why?" he asked in the u.s. senate.|nobody answered him.|it was late.',
    "‘ thankfully, the labrador won, ’ says power.|‘ my mum is maxine. ’|for now he plays.",
    "Le ministre a démissionné.|Été comme hiver, il travaille.",
    "Министр ушёл в отставку.|Причины он не назвал.",
    "क्या हुआ।|वह गया।",
]


@pytest.mark.parametrize("marked", ENDS)
def test_sentences_end_where_a_reader_ends_them(marked: str) -> None:
    assert read(marked.replace("|", " ")) == marked.split("|")


def test_chinese_needs_no_spaces() -> None:
    assert read("政府说将提高税收。部长辞职了！为什么？") == [
        "政府说将提高税收。",
        "部长辞职了！",
        "为什么？",
    ]


def test_a_sentence_glued_to_the_next_is_split_but_a_web_address_is_not() -> None:
    assert read("The chairman speaks.Ann Lee took this.") == [
        "The chairman speaks.",
        "Ann Lee took this.",
    ]
    assert read("He founded Amazon.Com in a garage.") == ["He founded Amazon.Com in a garage."]


def test_hard_wrapped_lines_read_on() -> None:
    text = (
        "The government said on Monday that it would raise taxes on fuel\n"
        "from next year, a move that ministers expect to raise 5 billion\n"
        "dollars a year for roads. It was a good plan, said Mr. Ray T.\n"
        "Lee, the transport minister, called the plan fair and necessary\n"
        "and said that it would be reviewed.\n"
        "\n"
        "Analysts were not convinced by the plan, which they called late\n"
        "and far too small to matter.\n"
    )
    assert [sentence.split()[0] for sentence in read(text)] == ["The", "It", "Analysts"]


def test_lines_that_are_paragraphs_of_their_own_do_not_read_on() -> None:
    text = (
        "Minister resigns\n"
        "The minister for transport resigned on Monday after weeks of protest over the fuel tax, "
        "his office said in a statement\n"
        "He was 52\n"
    )
    assert len(read(text)) == 3


def test_list_items_do_not_read_on_in_wrapped_text() -> None:
    text = (
        "The committee listed four reasons for which the plan was refused:\n"
        "- the cost of the new line, which had doubled since the election\n"
        "- the time it would take to build a tunnel under the old harbour\n"
        "- the noise\n"
    )
    assert len(read(text)) == 4


def test_blank_lines_and_removed_spans_part_sentences() -> None:
    assert read("the end of it\n\nand another start") == ["the end of it", "and another start"]
    text = "He said ADVERTISEMENT it was over."
    cut = text.index("ADVERTISEMENT")
    assert read(text, (Span(cut, cut + 13),)) == ["He said", "it was over."]


def test_a_runaway_is_cut_at_a_weaker_boundary() -> None:
    clause = "the council met again and did not agree on anything at all, "
    pieces = read(clause * 50)
    assert max(map(len, pieces)) <= MAX_SENTENCE_CHARS
    assert all(piece.endswith(",") for piece in pieces)
    assert all(len(piece) <= MAX_SENTENCE_CHARS for piece in read("a" * 5000))


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", '" "', "* * *", "\x00", "👍"])
def test_text_without_words_has_no_sentences(text: str) -> None:
    assert split(text) == ()


def test_paragraphs_and_their_sentences_are_the_sentences_of_the_text() -> None:
    text = "One line. It has two.\nAnother line.\n\nA last one."
    parts = [part for paragraph in paragraphs(text) for part in split_paragraph(text, paragraph)]
    assert tuple(parts) == split(text)


@pytest.mark.parametrize(
    "unit", [".", '."', ". ", " ", "\n", "\n ", "a.", "a. ", "Mr. ", ". ’", ". -", "。", "(", "1. "]
)
def test_the_work_grows_with_the_text_not_faster(unit: str) -> None:
    """The parts of hostile text are cut in one pass: twice the text, at most twice the parts."""
    once, twice = split(unit * 20_000), split(unit * 40_000)
    assert len(twice) <= 2 * len(once) + 2


WORDS = ("Mr. ", "U.S. ", "p.m. ", "a ", "word ", "Word ", "é", "1. ", "x" * 70)
MARKS = (".", ". ", "...", "? ", "。", '"', "” ", "(", ") ", "-")
BREAKS = ("\n", "\n\n", "\r\n", "\u2028", "\u00a0", "\x00")
PIECES = st.sampled_from([*WORDS, *MARKS, *BREAKS])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join))


@given(TEXTS)
def test_spans_are_ordered_disjoint_trimmed_and_short(text: str) -> None:
    spans = split(text)
    position = 0
    for span in spans:
        sentence = text[span.start : span.end]
        assert position <= span.start < span.end <= len(text)
        assert sentence == sentence.strip()
        assert any(char.isalnum() or char == "_" for char in sentence)
        assert len(sentence) <= MAX_SENTENCE_CHARS
        position = span.end


@given(TEXTS)
def test_every_word_is_in_a_sentence(text: str) -> None:
    read_on = "".join(text[span.start : span.end] for span in split(text))
    assert [char for char in read_on if char.isalnum()] == [c for c in text if c.isalnum()]


@given(TEXTS, st.integers(0, 80), st.integers(0, 80))
def test_no_sentence_crosses_a_removed_span(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    gone = Span(start, min(start + length, len(text)))
    for span in split(text, (gone,)):
        assert span.end <= gone.start or span.start >= gone.end
