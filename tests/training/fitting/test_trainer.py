"""A run: it learns, it can be cut off anywhere, and it goes on exactly."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.article import Tier
from models.artifact.artifact import Artifact
from models.network.network import Network
from tests.support.training_run import WriteRows, labelled_rows, stage_of
from training.config import Stage
from training.data.roles import Role
from training.fitting.corpus import Corpus, build
from training.fitting.start import labels, tokenizer_json
from training.fitting.trainer import Fit


@pytest.fixture
def corpus(stage: Stage, base: Path) -> Corpus:
    return build(stage, labels(None), tokenizer_json(str(base)))


@pytest.fixture
def new(tiny_artifact: Artifact) -> Callable[[], Network]:
    """Makes networks that are all the same."""
    return lambda: deepcopy(tiny_artifact.network)


def weights(network: Network) -> dict[str, Tensor]:
    return {name: t.clone() for name, t in network.state_dict().items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(one[name].equal(other[name]) for name in one)


def changed(corpus: Corpus, **changes: object) -> Corpus:
    how = corpus.stage.optimisation.model_copy(update=changes)
    return replace(corpus, stage=corpus.stage.model_copy(update={"optimisation": how}))


New = Callable[[], Network]


def parts_of(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    """The parts of a network that differ: the encoder, the heads of a task, a reader."""
    names = [name for name in after if not after[name].equal(before[name])]
    return {".".join(n.split(".")[: 1 if n.startswith("encoder") else 2]) for n in names}


def test_a_stage_changes_what_it_trains_and_saves_a_checkpoint(
    corpus: Corpus, new: New, tmp_path: Path
) -> None:
    network = new()
    fit = Fit(network, corpus, tmp_path / "ck")
    before = weights(network)
    fit.run()
    after = weights(network)
    assert fit.progress.epoch == 2
    heads = {"heads.topic", "heads.stance", "heads.summary"}
    # The small reader shares the encoder's embeddings.
    assert parts_of(before, after) == {"encoder", "readers.fast", *heads}
    assert all(tensor.isfinite().all() for tensor in after.values())
    assert (tmp_path / "ck" / "latest").is_dir()


@pytest.mark.parametrize("tier", Tier)
def test_a_stage_of_a_reader_trains_that_reader_alone(
    write_rows: WriteRows, base: Path, new: New, tmp_path: Path, tier: Tier
) -> None:
    stage = stage_of(write_rows(labelled_rows()), trains=tier.value)
    how = stage.optimisation.model_copy(update={"freeze_embeddings": True})
    stage = stage.model_copy(update={"optimisation": how})
    network = new()
    before = weights(network)
    Fit(network, build(stage, labels(None), tokenizer_json(str(base))), tmp_path).run()
    assert parts_of(before, weights(network)) == {f"readers.{tier.value}"}


def test_the_same_seed_gives_the_same_weights(corpus: Corpus, new: New, tmp_path: Path) -> None:
    runs = []
    for number, seed in enumerate((1, 1, 2)):
        network = new()
        Fit(network, changed(corpus, seed=seed), tmp_path / str(number), max_steps=2).run()
        runs.append(weights(network))
    assert equal(runs[0], runs[1])
    assert not equal(runs[0], runs[2])


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_a_resumed_run_goes_on_exactly(
    corpus: Corpus, new: New, stage: Stage, base: Path, tmp_path: Path, cut: int
) -> None:
    straight = Fit(whole := new(), corpus, tmp_path / "straight")
    straight.run()
    steps = straight.progress.step
    assert steps > 5

    begun = Fit(part := new(), corpus, tmp_path / "parts")
    begun.run(stop_after=cut)
    assert begun.progress.step == cut
    assert not equal(weights(part), weights(whole))
    torch.rand(7)  # whatever else the process did meanwhile
    again = build(stage, labels(None), tokenizer_json(str(base)))
    resumed = Fit(other := new(), again, tmp_path / "parts")
    assert resumed.resume()
    assert resumed.progress.step == cut
    resumed.run()
    assert resumed.progress == straight.progress
    assert equal(weights(other), weights(whole))


class CutOff(Exception):
    """As if the process had been killed."""


@pytest.mark.slow
def test_a_run_that_was_cut_off_goes_on_from_its_last_checkpoint(
    corpus: Corpus, new: New, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = changed(corpus, checkpoint_every=2)
    Fit(whole := new(), often, tmp_path / "straight").run()

    begun = Fit(new(), often, tmp_path / "parts")
    after_step = Fit._after_step

    def cut_off(self: Fit, end: int) -> None:
        after_step(self, end)
        if self.progress.step == 3:
            raise CutOff

    with monkeypatch.context() as patched:
        patched.setattr(Fit, "_after_step", cut_off)
        with pytest.raises(CutOff):
            begun.run()
    resumed = Fit(other := new(), often, tmp_path / "parts")
    assert resumed.resume()
    assert resumed.progress.step == 2
    resumed.run()
    assert equal(weights(other), weights(whole))


def test_a_checkpoint_cut_off_as_it_was_swapped_is_found(
    corpus: Corpus, new: New, tmp_path: Path
) -> None:
    Fit(new(), corpus, tmp_path).run(stop_after=2)
    (tmp_path / "latest").rename(tmp_path / "latest.old")
    resumed = Fit(new(), corpus, tmp_path)
    assert resumed.resume()
    assert resumed.progress.step == 2


def test_without_a_checkpoint_there_is_nothing_to_resume(
    corpus: Corpus, new: New, tmp_path: Path
) -> None:
    assert not Fit(new(), corpus, tmp_path / "ck").resume()


def test_max_steps_set_the_schedule_which_ends_at_nothing(
    corpus: Corpus, new: New, tmp_path: Path
) -> None:
    fit = Fit(new(), corpus, tmp_path / "ck", max_steps=3)
    rates = [fit._rate(step) for step in range(4)]
    fit.run()
    assert fit.progress.step == 3
    assert rates[0] == 1.0
    assert rates == sorted(rates, reverse=True)
    assert rates[3] == 0.0


def test_what_is_frozen_stays(corpus: Corpus, new: New, tmp_path: Path) -> None:
    network = new()
    frozen = changed(corpus, freeze_embeddings=True, frozen_layers=1)
    before = weights(network)
    Fit(network, frozen, tmp_path / "ck", max_steps=2).run()
    after = weights(network)
    for name in after:
        if name.startswith(("encoder.embeddings.", "encoder.encoder.layer.0.")):
            assert after[name].equal(before[name]), name
    assert any(not after[n].equal(before[n]) for n in after if "encoder.encoder.layer.1." in n)


def test_validation_keeps_the_best_and_stops_when_it_gets_worse(
    stage: Stage,
    base: Path,
    new: New,
    write_rows: WriteRows,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_rows([*labelled_rows(), *labelled_rows(Role.CHOOSE)])
    held = build(stage, labels(None), tokenizer_json(str(base)))
    eager = changed(held, evaluate_every=1, patience=1, epochs=50, head_rate=1.0)
    fit = Fit(new(), eager, tmp_path / "ck")
    fit.run()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    losses = [line["loss"] for line in lines]
    assert 2 < len(losses) < 100
    assert set(lines[0]) == {"step", "loss", "topic", "overall", "chosen"}
    assert fit.progress.step == 1 + losses.index(min(losses))  # the best is what is left
    assert fit.progress.best == min(losses)
