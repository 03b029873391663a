"""A run: it learns, it can be cut off anywhere, and it goes on exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

from models.artifact.artifact import load
from tests.support.training_run import WriteRows, labelled_rows
from training.__main__ import app, main
from training.config import Config
from training.data.roles import Role
from training.fitting.corpus import Corpus, build
from training.fitting.start import labels, tokenizer_json
from training.fitting.trainer import Fit


@pytest.fixture
def corpus(config: Config, base: Path) -> Corpus:
    return build(config, labels(None), tokenizer_json(str(base)))


def weights(fit: Fit) -> dict[str, Tensor]:
    return {name: t.clone() for name, t in fit.artifact.network.state_dict().items()}


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(one[name].equal(other[name]) for name in one)


def changed(config: Config, **changes: object) -> Config:
    how = config.optimisation.model_copy(update=changes)
    return config.model_copy(update={"optimisation": how})


def test_a_run_changes_every_part_and_saves_a_checkpoint(
    config: Config, corpus: Corpus, tmp_path: Path
) -> None:
    fit = Fit(config, corpus, tmp_path / "ck")
    before = weights(fit)
    fit.run()
    after = weights(fit)
    assert fit.progress.epoch == 2
    parts = {name.partition(".")[0] for name in after if not after[name].equal(before[name])}
    assert parts == {name for name, _ in fit.artifact.network.named_children()}
    assert all(tensor.isfinite().all() for tensor in after.values())
    assert (tmp_path / "ck" / "latest").is_dir()


def test_the_same_seed_gives_the_same_weights(
    config: Config, corpus: Corpus, tmp_path: Path
) -> None:
    runs = []
    for number, seed in enumerate((1, 1, 2)):
        fit = Fit(changed(config, seed=seed), corpus, tmp_path / str(number), max_steps=2)
        fit.run()
        runs.append(weights(fit))
    assert equal(runs[0], runs[1])
    assert not equal(runs[0], runs[2])


@pytest.mark.slow
@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_a_resumed_run_goes_on_exactly(
    config: Config, corpus: Corpus, base: Path, tmp_path: Path, cut: int
) -> None:
    straight = Fit(config, corpus, tmp_path / "straight")
    straight.run()
    steps = straight.progress.step
    assert steps > 5

    begun = Fit(config, corpus, tmp_path / "parts")
    begun.run(stop_after=cut)
    assert begun.progress.step == cut
    assert not equal(weights(begun), weights(straight))
    torch.rand(7)  # whatever else the process did meanwhile
    again = build(config, labels(None), tokenizer_json(str(base)))
    resumed = Fit(config, again, tmp_path / "parts")
    assert resumed.resume()
    assert resumed.progress.step == cut
    resumed.run()
    assert resumed.progress == straight.progress
    assert equal(weights(resumed), weights(straight))


class CutOff(Exception):
    """As if the process had been killed."""


@pytest.mark.slow
def test_a_run_that_was_cut_off_goes_on_from_its_last_checkpoint(
    config: Config, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    often = changed(config, checkpoint_every=2)
    straight = Fit(often, corpus, tmp_path / "straight")
    straight.run()

    begun = Fit(often, corpus, tmp_path / "parts")
    after_step = Fit._after_step

    def cut_off(self: Fit, end: int) -> None:
        after_step(self, end)
        if self.progress.step == 3:
            raise CutOff

    with monkeypatch.context() as patched:
        patched.setattr(Fit, "_after_step", cut_off)
        with pytest.raises(CutOff):
            begun.run()
    resumed = Fit(often, corpus, tmp_path / "parts")
    assert resumed.resume()
    assert resumed.progress.step == 2
    resumed.run()
    assert equal(weights(resumed), weights(straight))


def test_a_checkpoint_cut_off_as_it_was_swapped_is_found(
    config: Config, corpus: Corpus, tmp_path: Path
) -> None:
    fit = Fit(config, corpus, tmp_path)
    fit.run(stop_after=2)
    (tmp_path / "latest").rename(tmp_path / "latest.old")
    resumed = Fit(config, corpus, tmp_path)
    assert resumed.resume()
    assert resumed.progress.step == 2


def test_without_a_checkpoint_there_is_nothing_to_resume(
    config: Config, corpus: Corpus, tmp_path: Path
) -> None:
    assert not Fit(config, corpus, tmp_path / "ck").resume()


def test_max_steps_set_the_schedule_which_ends_at_nothing(
    config: Config, corpus: Corpus, tmp_path: Path
) -> None:
    fit = Fit(config, corpus, tmp_path / "ck", max_steps=3)
    rates = [fit._rate(step) for step in range(4)]
    fit.run()
    assert fit.progress.step == 3
    assert rates[0] == 1.0
    assert rates == sorted(rates, reverse=True)
    assert rates[3] == 0.0


def test_what_is_frozen_stays(config: Config, corpus: Corpus, tmp_path: Path) -> None:
    frozen = changed(config, freeze_embeddings=True, frozen_layers=1)
    fit = Fit(frozen, corpus, tmp_path / "ck", max_steps=2)
    before = weights(fit)
    fit.run()
    after = weights(fit)
    for name in after:
        if name.startswith(("encoder.embeddings.", "encoder.encoder.layer.0.")):
            assert after[name].equal(before[name]), name
    assert any(not after[n].equal(before[n]) for n in after if "encoder.encoder.layer.1." in n)


def test_validation_keeps_the_best_and_stops_when_it_gets_worse(
    config: Config,
    base: Path,
    write_rows: WriteRows,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (source,) = config.train
    held_rows = write_rows(labelled_rows(Role.CHOOSE), "held.jsonl")
    eager = changed(config, evaluate_every=1, patience=1, epochs=50, head_rate=1.0)
    validation = source.model_copy(update={"path": held_rows})
    held = eager.model_copy(update={"validation": (validation,)})
    corpus = build(held, labels(None), tokenizer_json(str(base)))
    fit = Fit(held, corpus, tmp_path / "ck")
    fit.run()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line[:1] == "{"]
    losses = [line["loss"] for line in lines]
    assert 2 < len(losses) < 100
    assert set(lines[0]) == {"step", "loss", "topic", "overall", "stance", "salience", "writing"}
    assert fit.progress.step == 1 + losses.index(min(losses))  # the best is what is left
    assert fit.progress.best == min(losses)


def test_the_command_fits_resumes_and_saves(run_file: Path, tmp_path: Path) -> None:
    places = ["--output", str(tmp_path / "new"), "--checkpoints", str(tmp_path / "ck")]
    first = CliRunner().invoke(app, ["fit", str(run_file), *places, "--max-steps", "2"])
    assert first.exit_code == 0, first.output
    artifact = load(tmp_path / "new")
    assert first.stdout.splitlines()[-1] == f"{tmp_path / 'new'} {artifact.digest}"
    assert artifact.name == "trial"
    again = CliRunner().invoke(app, ["fit", str(run_file), *places, "--max-steps", "2", "--resume"])
    assert again.exit_code == 0, again.output
    assert load(tmp_path / "new").digest == artifact.digest  # there was nothing left to do


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[train", "no TOML"),
        ('[[train]]\npath = "nowhere.csv"\n', "no such file"),
        ('[model]\nbase = "no/where"\n[[train]]\npath = "x.csv"\n', "give --base"),
    ],
)
def test_what_is_wrong_with_a_run_is_told_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    message: str,
) -> None:
    (tmp_path / "run.toml").write_text(text)
    monkeypatch.setattr("sys.argv", ["training", "fit", str(tmp_path / "run.toml")])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_label_that_no_head_has_ends_the_run_in_one_line(
    run_file: Path,
    write_rows: WriteRows,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_rows([{**row, "topic": "gossip"} for row in labelled_rows()])
    monkeypatch.setattr("sys.argv", ["training", "fit", str(run_file)])
    with pytest.raises(SystemExit):
        main()
    assert "the label 'gossip'" in capsys.readouterr().err.splitlines()[-1]
