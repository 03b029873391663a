"""A text has one role, however it is cut, spaced or cased."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.articles import SAMPLES
from tests.support.training_run import WriteRows
from training.config import Source
from training.data.labelled import load
from training.data.roles import OPENING_CHARS, Role, opening, role_of


def test_the_opening_is_the_first_letters_and_digits_in_lower_case() -> None:
    assert opening("Größe: 12 m\u00b2 — the Mill's\n2nd \u0391") == "gre12mthemills2nd"
    assert opening("ab c" * 60) == ("abc" * 60)[:OPENING_CHARS]


@pytest.mark.parametrize(
    ("text", "byte", "role"),
    [
        ("The council met. 193", 19, Role.REPORT),
        ("The council met. 22", 20, Role.CHOOSE),
        ("The council met. 36", 45, Role.CHOOSE),
        ("The council met. 54", 46, Role.TRAIN),
    ],
)
def test_the_first_byte_of_the_digest_decides(text: str, byte: int, role: Role) -> None:
    assert hashlib.sha256(opening(text).encode()).digest()[0] == byte
    assert role_of(text) is role


def test_of_100_texts_8_are_reported_on_and_10_are_for_choosing() -> None:
    found = Counter(role_of(f"Text {number} of many.") for number in range(4000))
    assert found[Role.REPORT] / 4000 == pytest.approx(20 / 256, abs=0.015)
    assert found[Role.CHOOSE] / 4000 == pytest.approx(26 / 256, abs=0.015)


def test_an_id_that_is_named_is_for_reporting() -> None:
    text = "The council met. 54"
    for id, role in (("w-B-1", Role.REPORT), ("w-A-1", Role.TRAIN), (None, Role.TRAIN)):
        assert role_of(text, id, "^w-[BCF]") is role
    assert role_of(text, "w-B-1") is Role.TRAIN


ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126))
SPACES = [" ", "\n", "\t", "\u00a0", " — ", "\n\n* "]


@given(
    st.tuples(st.text(min_size=OPENING_CHARS, alphabet="ab0Z,. é"), ASCII),
    ASCII,
    st.randoms(use_true_random=False),
)
def test_a_text_that_is_cut_spaced_or_cased_anew_keeps_its_role(
    parts: tuple[str, str], other_end: str, draw: random.Random
) -> None:
    text = "".join(parts)
    needed = _length_of_opening(text)
    cut = text[: draw.randint(needed, len(text))]
    if len(opening(text)) == OPENING_CHARS:
        cut += other_end
    else:
        cut = text
    spaced = "".join(
        draw.choice(SPACES) * draw.randint(0, 1) + draw.choice((char.lower(), char.upper()))
        for char in cut
    )
    assert role_of(text) is role_of(cut) is role_of(spaced)


def _length_of_opening(text: str) -> int:
    """How many characters hold the whole opening."""
    wanted = opening(text)
    return next(end for end in range(len(text) + 1) if opening(text[:end]) == wanted)


def test_no_text_stands_on_two_sides_in_files_that_cut_it_differently(
    write_rows: WriteRows,
) -> None:
    texts = [f"Day {number}. {sample.text}" for number in range(9) for sample in SAMPLES]
    whole = write_rows([{"text": text} for text in texts], "whole.jsonl")
    short = write_rows([{"text": f" {text[:260].upper()}"} for text in texts], "short.jsonl")
    sides = {
        role: {
            opening(each.text) for path in (whole, short) for each in load(Source(path=path), role)
        }
        for role in Role
    }
    assert all(sides.values())
    assert sum(map(len, sides.values())) == len({opening(text) for text in texts})
