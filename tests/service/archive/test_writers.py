from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.article import Article, Options
from service.archive.rows import Row
from service.archive.writers import FULL, Format, answer_of, columns, encode, escaped, record_of
from tests.support.standin import StandIn

ROW = Row("a.jsonl", 3, "=id", "2024-01-01", "weather today")


def record(*, full: bool = False) -> dict[str, object]:
    model = StandIn()
    article = Article(ROW.text, options=Options(targets=("the tram",)))
    (analysis,) = model.analyze([model.preparer(article)])
    assert not isinstance(analysis, Exception)
    return dict(record_of(ROW, ROW.file, answer_of(analysis, full=full), "0" * 64))


def test_columns_are_typed_and_the_same_whatever_was_asked() -> None:
    nothing = {"file": "a", "line": 1}
    for records in ([record()], [nothing], []):
        table = pq.read_table(pa.BufferReader(encode(records, Format.PARQUET, full=False)))
        assert table.column_names == list(columns(full=False))
        assert table.schema.field("topic_confidence").type == pa.float64()
        assert table.schema.field("truncated").type == pa.bool_()


def test_a_row_holds_place_answer_and_model() -> None:
    (line,) = encode([record()], Format.JSONL, full=False).splitlines()
    assert json.loads(line) == {
        "file": "a.jsonl", "line": 3, "id": "=id", "date": "2024-01-01",
        "topic": "weather", "topic_code": "medtop:17000000", "topic_confidence": 0.75,
        "stance": None, "stance_target": "the tram", "stance_confidence": 0.5,
        "summary": "weather", "summary_support": 1.0,
        "language": "en", "tokens": 2, "truncated": False, "model": "0" * 64,
    }  # fmt: skip


def test_the_whole_analysis_comes_as_json_where_it_is_asked_for() -> None:
    (line,) = encode([record(full=True)], Format.JSONL, full=True).splitlines()
    assert json.loads(json.loads(line)[FULL])["topic"]["scores"][0]["label"] == "weather"


@pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "+1", "-1", "@a", "\t=", "\r", "\0", "＝1"])
def test_no_spreadsheet_runs_a_cell(cell: str) -> None:
    content = encode([{**record(), "summary": cell}], Format.CSV, full=False)
    (row,) = csv.DictReader(io.StringIO(content.decode(), newline=""))
    assert row["summary"] == f"'{cell}"
    assert row["id"] == "'=id"


UNSEEN = st.text(st.characters(codec="utf-8", categories=["Z", "Cc", "Cf"]), max_size=4)
MARKS = st.sampled_from("=+-@＝＋－＠﹦﹢﹣﹫⁺⁼₊")


@given(UNSEEN, MARKS, st.text(st.characters(codec="utf-8"), max_size=8))
def test_no_spreadsheet_runs_a_cell_behind_what_is_not_seen(
    unseen: str, mark: str, rest: str
) -> None:
    cell = unseen + mark + rest
    assert escaped(cell) == f"'{cell}"
    content = encode([{**record(), "id": cell}], Format.CSV, full=False)
    (row,) = csv.DictReader(io.StringIO(content.decode(), newline=""))
    assert row["id"] == f"'{cell}"


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


@pytest.mark.parametrize("form", list(Format))
def test_the_same_records_are_the_same_bytes(form: Format) -> None:
    assert encode([record()], form, full=False) == encode([record()], form, full=False)
