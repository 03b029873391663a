"""What others wrote reaches a terminal as text: nothing in it is an order to the terminal."""

from __future__ import annotations

import json
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from service.printable import printable, printable_json, printable_line

ORDERS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
BIDI = [
    chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
]

hostile = st.text(st.sampled_from([*ORDERS, *BIDI, "\ud800"]) | st.characters(), max_size=20)


def is_active(mark: str) -> bool:
    return unicodedata.category(mark) in {"Cc", "Cs"} or mark in BIDI


@given(hostile)
def test_nothing_active_is_left_and_offsets_hold(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not [mark for mark in shown if is_active(mark) and mark not in "\n\t"]
    for before, after in zip(text, shown, strict=True):
        assert before == after or is_active(before)


@given(hostile)
def test_a_line_stays_one_line(text: str) -> None:
    assert not [mark for mark in printable_line(text) if is_active(mark)]


@given(st.lists(hostile))
def test_json_means_the_same_with_its_orders_escaped(texts: list[str]) -> None:
    written = json.dumps(texts, ensure_ascii=False)
    shown = printable_json(written)
    assert json.loads(shown) == json.loads(written)
    assert not [mark for mark in shown if is_active(mark) and mark != "\n"]


def test_orders_are_seen() -> None:
    assert printable("\x1b[2J\x07\x7f\x9b") == "␛[2J␇␡�"
    assert printable_line("one\r\ntwo\tthree\u202e") == "one ␊two three�"
    assert printable("Café – “fair” 👩‍🚀\n\tnaïve\r\n") == "Café – “fair” 👩‍🚀\n\tnaïve \n"
