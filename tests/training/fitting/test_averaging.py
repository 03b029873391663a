"""Averages lie between their artifacts, and are those of two of a kind only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.artifact.artifact import Artifact, load, save
from models.tasks.calibration import calibrations
from models.tasks.topic.section import TopicCalibration
from training.__main__ import app
from training.errors import AverageError
from training.fitting.averaging import average
from training.fitting.start import labels
from training.tiny import tiny_artifact


@pytest.fixture
def pair() -> tuple[Artifact, Artifact]:
    return tiny_artifact(labels(None), 0), tiny_artifact(labels(None), 1)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_every_weight_lies_between(pair: tuple[Artifact, Artifact], share: float) -> None:
    one, other = ({k: v.clone() for k, v in a.network.state_dict().items()} for a in pair)
    for name, weights in average(*pair, share).network.state_dict().items():
        between = (1 - share) * one[name] + share * other[name]
        assert weights.allclose(between, atol=1e-6), name


def test_the_command_leaves_calibration_and_figures_behind(
    pair: tuple[Artifact, Artifact], tmp_path: Path
) -> None:
    one, other = pair
    warm = replace(other.tasks["topic"], calibration=TopicCalibration(2.0))
    tasks = {**other.tasks, "topic": warm}
    save(one, tmp_path / "one")
    save(
        replace(other, tasks=tasks, metrics={"files": {}}, version="9"),
        tmp_path / "other",
    )
    arguments = ["average", *map(str, (tmp_path / "one", tmp_path / "other"))]
    result = CliRunner().invoke(app, [*arguments, "--output", str(tmp_path / "mean")])
    assert result.exit_code == 0, result.output
    mean = load(tmp_path / "mean")
    assert (mean.version, mean.metrics) == ("9", {})
    assert calibrations(mean.tasks) == calibrations(one.tasks)
    assert result.output.split() == [str(tmp_path / "mean"), mean.digest]


def test_artifacts_of_two_kinds_have_no_average(pair: tuple[Artifact, Artifact]) -> None:
    one, other = pair
    with pytest.raises(AverageError, match="tasks"):
        average(one, replace(other, tasks={"topic": other.tasks["topic"]}), 0.5)
