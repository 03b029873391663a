"""`nutgraf feedback`: out to training, in from labelling programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.cli import main as cli
from service.database.database import Database
from service.feedback.sql_store import SqlFeedbackStore
from service.inference import load
from tests.support.feedback import ANN, BOB, correction
from tests.support.stand_in_model import StandIn

DOCCANO = '{"id": 1, "text": "Snow fell.", "label": ["weather"]}\n'


@pytest.fixture(autouse=True)
def standin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "load_engine", lambda settings, parallel: StandIn())


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A service's directory with three corrections, two of which are at odds."""
    directory = tmp_path / "data"
    directory.mkdir()
    database = Database(f"sqlite:///{directory / 'jobs.db'}")
    store = SqlFeedbackStore(database, 3600)
    store.add(ANN, correction(topic="sport", text="Goals fell."))
    store.add(ANN, correction(topic="sport"))
    store.add(BOB, correction(topic="weather", by="bob"))
    database.close()
    return directory


def run(*arguments: object, **environment: str) -> Result:
    return CliRunner().invoke(cli.app, ["feedback", *map(str, arguments)], env=environment)


def test_corrections_are_exported_without_what_is_disputed(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    result = run("export", out, "--data", data)
    assert (result.exit_code, result.output) == (0, f"{out}: 1 rows\n")
    (row,) = map(json.loads, out.read_text("utf-8").splitlines())
    assert (row["text"], row["topic"], row["by"]) == ("Goals fell.", "sport", "ann")
    result = run("export", out, "--disputed", NUTGRAF_DATA=str(data))
    assert result.output == f"{out}: 3 rows\n"


def test_an_export_for_another_program_is_imported_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "tasks.json"
    assert run("export", out, "--data", data, "--format", "label-studio").exit_code == 0
    fresh = {"NUTGRAF_DATA": str(tmp_path / "other"), "NUTGRAF_KEEP_TEXTS": "true"}
    told = [run("import", out, **fresh).output for _ in range(2)]
    assert told == [
        f"{out}: 1 corrections kept, 0 were there already\n",
        f"{out}: 0 corrections kept, 1 were there already\n",
    ]
    again = tmp_path / "again.jsonl"
    assert run("export", again, "--format", "doccano", **fresh).exit_code == 0
    assert json.loads(again.read_text("utf-8"))["label"] == ["sport"]


def test_labels_come_in_only_where_texts_are_kept(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_text(DOCCANO, "utf-8")
    refused = run("import", file, "--data", data, "--by", "eve")
    assert refused.exit_code == 2
    assert "NUTGRAF_KEEP_TEXTS=true" in refused.output
    taken = run("import", file, "--data", data, "--by", "eve", NUTGRAF_KEEP_TEXTS="true")
    assert taken.output == f"{file}: 1 corrections kept, 0 were there already\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export", "out.jsonl"], "name it by --data or NUTGRAF_DATA"),
        (["export", "out.txt", "--data", "{data}"], "name a .parquet, .jsonl or .csv file"),
        (["export", "nowhere/out.csv", "--data", "{data}"], "could not be written"),
        (["import", "nowhere.json", "--data", "{data}"], "cannot be read as text"),
    ],
)
def test_what_cannot_be_done_is_one_line(data: Path, arguments: list[str], told: str) -> None:
    keep = {"NUTGRAF_KEEP_TEXTS": "true"} if "{data}" in arguments else {}
    result = run(*(each.format(data=data) for each in arguments), **keep)
    assert result.exit_code in (2, 5)
    assert told in result.output
    assert result.output.count("\n") == 1
