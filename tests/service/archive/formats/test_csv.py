"""CSV that is written runs no formula in a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.archive.formats import CSV
from service.archive.formats.csv import escaped

UNSEEN = st.text(st.characters(codec="utf-8", categories=["Z", "Cc", "Cf"]), max_size=4)
MARKS = st.sampled_from("=+-@＝＋－＠﹦﹢﹣﹫⁺⁼₊")


def written(cell: str) -> str:
    """A cell as the file has it."""
    content = CSV.encode([{"line": 1, "id": cell}], {"line": int, "id": str})
    (row,) = csv.DictReader(io.StringIO(content.decode(), newline=""))
    return row["id"]


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@a", "\t=", "\r", "\0", "＝1"])
def test_no_spreadsheet_runs_a_cell(cell: str) -> None:
    assert written(cell) == f"'{cell}"


@given(UNSEEN, MARKS, st.text(st.characters(codec="utf-8"), max_size=8))
def test_no_spreadsheet_runs_a_cell_behind_what_is_not_seen(
    unseen: str, mark: str, rest: str
) -> None:
    cell = unseen + mark + rest
    assert escaped(cell) == written(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "before", [" ", "\u00a0", "\u200b", "\ufeff", "\x0b", "\x1f", "\u3000", "\u2028", " \u202e\x7f"]
)
def test_blanks_and_the_like_hide_no_formula(before: str) -> None:
    assert escaped(f"{before}=1+1") == f"'{before}=1+1"
    assert escaped(f"{before}Rain fell") == f"{before}Rain fell"


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_other_cells_are_left_alone(cell: str) -> None:
    assert escaped(cell) in (cell, f"'{cell}")
    assert escaped(escaped(cell)) == escaped(cell)
    assert escaped(cell)[:1] not in set("=+-@\t\r\n\0＝＋－＠")
    assert escaped(f"a{cell}") == f"a{cell}"
