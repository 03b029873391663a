"""The commands of training: what is wrong is one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NoReturn, cast

import pytest
from typer.testing import CliRunner

from models.artifact.artifact import load
from models.tasks.topic.section import TopicSection
from tests.support.articles import SAMPLES
from tests.support.paths import ROOT
from training import __main__ as training


@pytest.mark.parametrize(
    ("missing", "named"),
    [("datasets", "datasets"), ("sklearn.metrics", "sklearn"), ("accelerate", "accelerate")],
)
def test_without_its_extra_training_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str, named: str
) -> None:
    def run() -> NoReturn:
        raise ModuleNotFoundError(name=missing)

    monkeypatch.setattr(training, "app", run)
    with pytest.raises(SystemExit) as ended:
        training.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"training: {named} is not installed; training needs: make install EXTRAS=train\n"
    )


def test_the_example_config_fits_and_calibrates_on_a_csv_of_ones_own(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = ROOT / "training" / "configs" / "example.toml"
    monkeypatch.chdir(tmp_path)  # the example's paths are relative to the directory of the run
    # accelerate has one precision in a process: that of the other tests
    monkeypatch.setattr("training.fitting.trainer._precision", lambda wanted: "no")
    topics = sorted({sample.topic for sample in SAMPLES})
    labels = {
        "topic": [{"name": name} for name in topics],
        "stance": [{"name": name} for name in ("favor", "against", "neutral", "unrelated")],
        "overall": ["favor", "against", "neutral"],
    }
    Path("labels.json").write_text(json.dumps(labels))
    with Path("articles.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("body", "title", "section", "target", "stance", "overall", "summary"))
        for sample in SAMPLES:
            summary = sample.text.split("\n\n")[0]
            for target, stance in list(sample.stances.items()) or [("", "")]:
                row = sample.text, sample.title, sample.topic, target, stance, "neutral", summary
                rows.writerow(row)
    commands = (
        ["fit", str(example), "--base", str(base), "--output", "mine", "--max-steps", "1"],
        ["calibrate", "mine", str(example)],
    )
    for command in commands:
        done = CliRunner().invoke(training.app, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    artifact = load(Path("mine"))
    assert artifact.name == "my-model"
    assert [label.name for label in cast(TopicSection, artifact.tasks["topic"]).labels] == topics
