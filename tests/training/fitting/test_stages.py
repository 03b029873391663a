"""A whole run: stage after stage, cut off and taken up, and a reader that teaches another."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.article import Tier
from models.artifact.artifact import Artifact
from tests.support.training_run import WriteRows, labelled_rows, stage_of
from training.config import Config, Stage
from training.errors import TeacherError
from training.fitting import stages
from training.fitting.stages import fit
from training.fitting.start import labels


@pytest.fixture
def model(tiny_artifact: Artifact) -> Artifact:
    """An artifact of its own."""
    return replace(tiny_artifact, network=deepcopy(tiny_artifact.network))


def taught(rows: Path, name: str = "taught") -> Stage:
    stage = stage_of(rows, name=name, trains="fast", taught=True)
    how = stage.optimisation.model_copy(update={"freeze_embeddings": True, "epochs": 1})
    return stage.model_copy(update={"optimisation": how})


def same(one: Artifact, other: Artifact) -> bool:
    mine, its = one.network.state_dict(), other.network.state_dict()
    return all(mine[name].equal(its[name]) for name in mine)


@pytest.mark.slow
def test_a_run_that_was_killed_between_stages_gives_the_same_model(
    config: Config, model: Artifact, tmp_path: Path
) -> None:
    whole = replace(model, network=deepcopy(model.network))
    assert [s.name for s in fit(config, whole, labels(None), tmp_path / "whole")] == [
        "heads",
        "reader",
    ]
    begun = replace(model, network=deepcopy(model.network))
    next(fit(config, begun, labels(None), tmp_path / "cut"))  # and no further
    again = replace(model, network=deepcopy(model.network))
    list(fit(config, again, labels(None), tmp_path / "cut", resume=True))
    assert same(again, whole)
    assert not same(again, model)


def test_the_large_reader_teaches_the_small_one(
    write_rows: WriteRows, model: Artifact, tmp_path: Path
) -> None:
    run = Config(stages=(taught(write_rows(labelled_rows())),))
    before = deepcopy(model.network.state_dict())
    list(fit(run, model, labels(None), tmp_path))
    changed = {n for n, t in model.network.state_dict().items() if not t.equal(before[n])}
    assert changed
    assert all(name.startswith("readers.fast.") for name in changed)


def test_what_the_teacher_said_is_kept(
    write_rows: WriteRows, model: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = write_rows(labelled_rows())
    monkeypatch.setattr(stages, "LESSON_QUESTIONS", 5)
    list(fit(Config(stages=(taught(rows),)), model, labels(None), tmp_path))
    lessons = sorted((tmp_path / "taught" / "lessons").iterdir())
    assert len(lessons) > 1
    written = [path.stat().st_mtime_ns for path in lessons]
    with torch.no_grad():
        for parameter in model.network.reader(Tier.FULL).parameters():
            parameter.zero_()  # who is not asked cannot tell
    list(fit(Config(stages=(taught(rows),)), model, labels(None), tmp_path))
    assert [path.stat().st_mtime_ns for path in lessons] == written


def test_nobody_is_taught_by_a_reader_that_is_not_there(
    write_rows: WriteRows, model: Artifact, tmp_path: Path
) -> None:
    run = Config(stages=(taught(write_rows(labelled_rows())),))
    small = replace(model, readers={Tier.FAST: model.readers[Tier.FAST]})
    with pytest.raises(TeacherError, match="the model lacks"):
        list(fit(run, small, labels(None), tmp_path))
