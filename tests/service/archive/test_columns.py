"""What stands in a row of the output, and where a column is declared."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.analysis import Analysis, InputReport, Summary
from models.article import Article, Kind, Options, Style, Tier
from models.registry import Column
from models.tasks.stance.columns import COLUMNS as STANCE
from models.tasks.summary.columns import COLUMNS as SUMMARY
from models.tasks.topic.columns import COLUMNS as TOPIC
from service.archive.columns import FULL, answer_of, output_columns, record_of
from service.archive.formats import FORMATS, JSONL, PARQUET
from service.archive.formats.format import Format
from service.archive.rows import Row
from tests.support import runs
from tests.support.stand_in_model import StandIn

ROW = Row("a.jsonl", 3, "=id", "2024-01-01", "weather today")


def record(*, full: bool = False) -> dict[str, object]:
    model = StandIn()
    options = Options(targets=("the tram",), kind=Kind.ENTITY, reader=Tier.FAST)
    article = Article(ROW.text, options=options)
    (analysis,) = model.analyze([model.preparer(article)])
    assert not isinstance(analysis, Exception)
    return dict(record_of(ROW, ROW.file, answer_of(analysis, full=full), "0" * 64))


def test_columns_are_typed_and_the_same_whatever_was_asked() -> None:
    nothing = {"file": "a", "line": 1}
    columns = output_columns(full=False)
    for records in ([record()], [nothing], []):
        table = pq.read_table(pa.BufferReader(PARQUET.encode(records, columns)))
        assert table.column_names == list(columns)
        assert table.schema.field("topic_confidence").type == pa.float64()
        assert table.schema.field("truncated").type == pa.bool_()


def test_a_row_holds_place_answer_and_model() -> None:
    (line,) = JSONL.encode([record()], output_columns(full=False)).splitlines()
    found = {
        "file": "a.jsonl", "line": 3, "id": "=id", "date": "2024-01-01",
        "topic": "weather", "topic_code": "medtop:17000000", "topics": '["weather"]',
        "topic_confidence": 0.75,
        "stance": None, "stance_target": "the tram", "stance_kind": "entity",
        "stance_confidence": 0.5, "stances": '[{"target": "the tram", "stance": null}]',
        "summary": "weather", "summary_support": 1.0, "summary_withheld": None,
        "about": None, "suggested_targets": None, "form": None, "form_confidence": None,
        "language": "en", "reader": "fast", "tokens": 2, "truncated": False, "model": "0" * 64,
    }  # fmt: skip
    assert list(json.loads(line).items()) == list(found.items())


def test_the_whole_analysis_comes_as_json_where_it_is_asked_for() -> None:
    (line,) = JSONL.encode([record(full=True)], output_columns(full=True)).splitlines()
    assert json.loads(json.loads(line)[FULL])["topic"]["scores"][0]["label"] == "weather"


def test_a_row_without_a_summary_says_why() -> None:
    withheld = Summary("", Style.WRITTEN, 0, None, "the text is too short", ())
    read = InputReport(tokens=2, windows=1, truncated=False, removed=())
    analysis = Analysis({"summary": withheld}, "en", None, (), read)
    answer = answer_of(analysis, full=False)
    assert (answer["summary"], answer["summary_support"]) == ("", None)
    assert answer["summary_withheld"] == "the text is too short"


@pytest.mark.parametrize("its_format", FORMATS.values())
def test_the_same_records_are_the_same_bytes(its_format: Format) -> None:
    columns = output_columns(full=False)
    assert its_format.encode([record()], columns) == its_format.encode([record()], columns)


@pytest.mark.parametrize("its_format", FORMATS.values())
@pytest.mark.parametrize(
    ("columns", "value"),
    [
        (TOPIC, (float, lambda topic: topic.scores[1].probability)),
        (STANCE, (float, lambda stances: stances[-1].scores[2].probability + 0.05)),
        (SUMMARY, (float, lambda summary: summary.words / 4)),
    ],
)
def test_a_column_is_declared_with_its_task_and_nowhere_else(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    its_format: Format,
    columns: dict[str, Column],
    value: Column,
) -> None:
    monkeypatch.setitem(columns, "new", value)
    source = runs.write_jsonl(tmp_path / "in.jsonl", ["one text"])
    asked = runs.request(source, output=tmp_path / "out", format=its_format)
    runs.score(asked)
    assert [[float(found) for found in row] for row in runs.rows(asked, "new")] == [[0.25]]
