"""`nutgraf train`: from a file of labelled texts, or a taxonomy, to a model of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from models.artifact.artifact import load
from tests.support.training_run import WriteRows
from tests.training.fitting.test_own_labels import texts
from training.commands import train
from training.errors import DataError

Run = Callable[..., Result]


@pytest.fixture
def run(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("rows.jsonl", "--labels", "new")` trains into `desk`."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.command()(train)

    def run(*arguments: str) -> Result:
        command = [*arguments, "--output", "desk", "--model", str(tiny)]
        return CliRunner().invoke(app, command)

    return run


def rows() -> list[dict[str, object]]:
    return [{"text": text.text, "section": text.topics[0]} for text in texts()]


def test_a_file_gives_a_model_with_a_name_a_card_and_figures_of_its_own(
    run: Run, write_rows: WriteRows
) -> None:
    done = run(str(write_rows(rows())), "--column", "topic=section")
    assert done.exit_code == 0, done.output
    assert "16 texts, 2 labels; held out: macro-F1" in done.output
    assert "nutgraf serve --model desk" in done.output
    made = load(Path("desk"))
    assert (made.name, made.version) == ("desk", "1.0.0")
    assert made.digest in done.output
    assert made.metrics["topic"]["rows"] == 16
    assert "- harbour" in made.card
    assert [label.name for label in made.tasks["topic"].labels] == ["harbour", "school"]


@pytest.mark.parametrize("suffix", ["csv", "json"])
def test_a_taxonomy_alone_gives_a_model(run: Run, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"tags.{suffix}"
    labels = [{"name": "harbour", "code": "h1", "parent": "traffic"}, {"name": "school"}]
    if suffix == "json":
        file.write_text(json.dumps(labels))
    else:
        file.write_text("name,code,parent\nharbour,h1,traffic\nschool,,\n")
    done = run("--taxonomy", str(file))
    assert done.exit_code == 0, done.output
    assert "nothing was measured" in done.output
    section = load(Path("desk")).tasks["topic"]
    assert section.zero_shot
    assert [(each.code, each.parent) for each in section.labels] == [
        ("h1", "traffic"),
        (None, None),
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "give labelled texts"),
        (["rows.jsonl"], "no row has a topic"),
        (["rows.jsonl", "--column", "section"], "--column is our name and yours"),
        (["rows.jsonl", "--labels", "other"], "--labels is one of new, extend"),
        (["--taxonomy", "none.csv"], "none.csv: No such file"),
        (["--taxonomy", "rows.jsonl"], "rows.jsonl: no taxonomy"),
    ],
)
def test_what_cannot_be_trained_is_told_and_nothing_is_written(
    run: Run, write_rows: WriteRows, arguments: list[str], problem: str
) -> None:
    write_rows(rows())
    done = run(*arguments)
    assert isinstance(done.exception, DataError)
    assert problem in str(done.exception)
    assert not Path("desk").exists()
