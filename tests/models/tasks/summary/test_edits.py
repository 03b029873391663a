"""A sentence with its edits: what is cut and put in, and what form asks for then."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.analysis import Span
from models.tasks.summary.edits import Edit, Reason, apply, finished, spliced
from models.text.words import WORD, normal_words
from tests.support.articles import SAMPLES

TEXT = 'But on Monday, the mayor, Ann Lee, said (twice) that "it is good," and left the  U.S. port.'


def cut(text: str, *parts: str) -> list[Edit]:
    """Deletions of parts of a text, in its order."""
    spans = sorted((text.index(part), text.index(part) + len(part)) for part in parts)
    return [Edit(start, end, "", Reason.PHRASE) for start, end in spans]


def put(text: str, before: str, words: str) -> Edit:
    at = text.index(before)
    return Edit(at, at, words, Reason.INTRODUCTION)


def whole(text: str) -> Span:
    return Span(0, len(text))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param(
            ["But on Monday, "],
            'The mayor, Ann Lee, said (twice) that "it is good," and left the U.S. port.',
            id="the first word gets its capital",
        ),
        pytest.param(
            ["But", " on Monday", " Ann Lee"],
            'The mayor, said (twice) that "it is good," and left the U.S. port.',
            id="no mark in front, and no two in a row",
        ),
        pytest.param(
            ["But on Monday, ", "twice"],
            'The mayor, Ann Lee, said that "it is good," and left the U.S. port.',
            id="no empty brackets",
        ),
        pytest.param(
            ["it is good", " port"],
            "But on Monday, the mayor, Ann Lee, said (twice) that and left the U.S.",
            id="no empty quotation, and one stop behind an abbreviation",
        ),
        pytest.param(
            [" and left the  U.S. port."],
            'But on Monday, the mayor, Ann Lee, said (twice) that "it is good."',
            id="a stop inside the closing quotation mark",
        ),
        pytest.param(
            [" (twice)", ", Ann Lee,"],
            'But on Monday, the mayor said that "it is good," and left the U.S. port.',
            id="words stay apart",
        ),
    ],
)
def test_what_is_left_is_well_formed(parts: list[str], expected: str) -> None:
    assert apply(TEXT, whole(TEXT), cut(TEXT, *parts)) == expected


def test_a_function_word_behind_an_insertion_loses_its_capital() -> None:
    text = "The board of Port Ann voted. I was there. Lee voted too."
    assert apply(text, Span(0, 28), [put(text, "The", "On Monday, ")]) == (
        "On Monday, the board of Port Ann voted."
    )
    assert apply(text, Span(29, 41), [put(text, "I was", "As mayor, ")]).startswith("As mayor, I")
    assert apply(text, Span(42, len(text)), [put(text, "Lee", "the mayor, ")]) == (
        "The mayor, Lee voted too."
    )


def test_a_name_with_a_small_letter_keeps_it() -> None:
    text = "Also, iPhone sales fell."
    assert apply(text, whole(text), cut(text, "Also, ")) == "iPhone sales fell."


@pytest.mark.parametrize(
    ("word", "expected"),
    [("ﬁre", "Fire"), ("ßa", "Ssa"), ("ǆep", "ǅep"), ("élan", "Élan"), ("東京", "東京")],
)
def test_a_first_letter_that_stands_for_two_keeps_both(word: str, expected: str) -> None:
    text = f"Also, {word} fell."
    assert apply(text, whole(text), cut(text, "Also, ")) == f"{expected} fell."
    edits = finished(text, whole(text), cut(text, "Also, "))
    assert {edit.reason for edit in edits} <= {Reason.PHRASE, Reason.CASE}


def test_a_sentence_without_edits_keeps_all_but_white_space() -> None:
    text = " the\n\tprices  fell , it\u00a0seems "
    assert apply(text, whole(text), []) == "the prices fell , it seems"


def test_glued_words_are_parted() -> None:
    text = "The virus hasalso spread."
    at = text.index("also")
    assert apply(text, whole(text), [Edit(at, at, " ", Reason.MENDING)]) == (
        "The virus has also spread."
    )


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(5, 4, "", Reason.WORD)],
        [Edit(4, 6, "", Reason.WORD), Edit(5, 8, "", Reason.WORD)],
        [Edit(6, 8, "", Reason.WORD), Edit(2, 4, "", Reason.WORD)],
        [Edit(0, 400, "", Reason.WORD)],
        [Edit(4, 4, "a", Reason.WORD), Edit(4, 4, "b", Reason.WORD)],
    ],
)
def test_edits_that_do_not_fit_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="sorted, disjoint"):
        apply(TEXT, whole(TEXT), edits)


def test_edits_of_form_say_what_they_are() -> None:
    edits = finished(TEXT, whole(TEXT), cut(TEXT, "But on Monday, "))
    assert {edit.reason for edit in edits} == {Reason.PHRASE, Reason.CASE, Reason.SPACE}


TEXTS = (TEXT, *(sample.text for sample in SAMPLES[:6]))


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, Span, list[Edit]]:
    """A stretch of a text from a word on, and edits of whole words in it."""
    text = draw(st.sampled_from(TEXTS))
    words = [match.span() for match in WORD.finditer(text) if match.group()[0].isalnum()]
    first = draw(st.integers(0, len(words) - 2))
    last = draw(st.integers(first + 1, min(first + 40, len(words) - 1)))
    borders = sorted(draw(st.sets(st.integers(first, last), max_size=8)))
    edits = []
    for left, right in zip(borders[::2], borders[1::2], strict=False):
        new = draw(st.sampled_from(["", "", "", "Ann Lee ", ", the mayor, "]))
        gap = draw(st.booleans())
        end = words[right][0] if gap else words[right - 1][1]
        edits.append(Edit(words[left][0], end, new, Reason.PHRASE))
    return text, Span(words[first][0], words[last][1]), edits


@given(edited())
def test_the_edits_of_form_make_the_printed_sentence(case: tuple[str, Span, list[Edit]]) -> None:
    text, span, edits = case
    every = finished(text, span, edits)
    printed = apply(text, span, edits)
    assert spliced(text, span, every) == printed
    assert all(span.start <= e.start <= e.end <= span.end for e in every)
    assert all(a.end <= b.start for a, b in pairwise(every))
    assert {(e.start, e.end) for e in edits} <= {(e.start, e.end) for e in every}
    assert printed == " ".join(printed.split())


@given(edited())
def test_no_word_is_made_up(case: tuple[str, Span, list[Edit]]) -> None:
    text, span, edits = case
    held = {*normal_words(text[span.start : span.end]), *normal_words("Ann Lee, the mayor, .")}
    words = [word for word in normal_words(apply(text, span, edits)) if word[0].isalnum()]
    assert set(words) <= held


@given(edited())
def test_without_edits_only_white_space_changes(case: tuple[str, Span, list[Edit]]) -> None:
    text, span, _ = case
    assert apply(text, span, []) == " ".join(text[span.start : span.end].split())


@given(edited())
def test_a_cut_sentence_begins_and_ends_as_one(case: tuple[str, Span, list[Edit]]) -> None:
    text, span, edits = case
    printed = apply(text, span, edits)
    if edits and printed:
        assert printed[0] not in ",;:.!?"
        assert ",," not in printed
        assert ", ." not in printed
