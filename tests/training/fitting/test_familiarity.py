"""A model learns which texts are like those of training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.artifact.artifact import Artifact, load, save
from models.engine import Engine
from models.text.surface import FEATURES
from tests.support.training_run import WriteRows, labelled_rows
from training.config import Config, Source
from training.data.roles import Role
from training.fitting import familiarity


@pytest.fixture
def run(config: Config, write_rows: WriteRows) -> Config:
    """A run whose measured file has texts of training with every topic."""
    return config.model_copy(
        update={"measured": (Source(path=write_rows(labelled_rows(Role.TRAIN))),)}
    )


def test_what_is_learned_is_kept_in_the_artifact(
    tiny_artifact: Artifact, run: Config, tmp_path: Path
) -> None:
    save(tiny_artifact, tmp_path / "tiny")
    engine = Engine.over(load(tmp_path / "tiny"), device="cpu", dtype="float32")
    known = familiarity.fit(engine, run)
    assert known.whitening.any()
    saved = load(tmp_path / "tiny")
    familiarity.of(saved.network).load_state_dict(known.state_dict())
    save(saved, tmp_path / "tiny")
    again = familiarity.of(load(tmp_path / "tiny").network)
    torch.manual_seed(0)
    texts = (
        torch.randn(3, engine.network.hidden),
        torch.rand(3, FEATURES),
        torch.tensor([9, 60, 200]),
    )
    assert torch.allclose(known(*texts), again(*texts), rtol=0.05)


def test_nothing_is_learned_where_a_topic_has_no_text(
    tiny_artifact: Artifact, run: Config, write_rows: WriteRows, tmp_path: Path
) -> None:
    save(tiny_artifact, tmp_path / "tiny")
    engine = Engine.over(load(tmp_path / "tiny"), device="cpu", dtype="float32")
    few = Source(path=write_rows(labelled_rows(Role.TRAIN)[:2], "few.jsonl"))
    known = familiarity.fit(engine, run.model_copy(update={"measured": (few,)}))
    assert not known.whitening.any()
