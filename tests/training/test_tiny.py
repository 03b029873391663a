"""The artifact for trials: made in a moment, the same for the same seed, alive in all heads."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from models.analysis import Analysis
from models.article import Article
from models.artifact.artifact import load
from models.engine import Engine
from tests.support.articles import SAMPLES
from training.__main__ import app
from training.fitting.start import labels, labels_of
from training.tiny import write_tiny


def test_the_same_seed_gives_the_same_artifact(tmp_path: Path) -> None:
    one, two, other = (
        write_tiny(tmp_path / name, labels(None), seed)
        for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )
    assert one == two != other


def test_the_command_writes_it_with_the_real_schema(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["tiny", str(tmp_path / "tiny")])
    assert result.exit_code == 0, result.output
    artifact = load(tmp_path / "tiny")
    assert result.output.split() == [str(tmp_path / "tiny"), artifact.digest]
    assert labels_of(artifact) == labels(None)
    assert sum(path.stat().st_size for path in (tmp_path / "tiny").iterdir()) < 1_000_000


def test_every_part_of_it_answers(engine: Engine) -> None:
    batch = [engine.prepare(Article(sample.text)) for sample in SAMPLES]
    found = [each for each in engine.analyze(batch) if isinstance(each, Analysis)]
    sentences = [s for each in found if each.summary for s in each.summary.sentences]
    assert len({each.topic.confidence for each in found if each.topic}) == len(SAMPLES)
    assert {sentence.edited for sentence in sentences} == {True, False}


def test_weights_are_finite(tiny: Path) -> None:
    for name, parameter in load(tiny).network.named_parameters():
        assert parameter.isfinite().all(), name


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_other_seeds_answer_too(tmp_path: Path, seed: int) -> None:
    write_tiny(tmp_path / "tiny", labels(None), seed)
    engine = Engine.load(tmp_path / "tiny", device="cpu", dtype="float32")
    with torch.inference_mode():
        (found,) = engine.analyze([engine.prepare(Article(SAMPLES[0].text))])
    assert isinstance(found, Analysis)
