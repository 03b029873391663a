"""Support is fitted on judged sentences, for each reader."""

from __future__ import annotations

import json
import math
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.article import Kind
from models.artifact.artifact import load
from models.engine import Engine
from models.tasks.summary.section import SummaryCalibration
from tests.support.articles import SAMPLES
from training.config import Config, Part, Source, Stage
from training.data.labelled import Labelled
from training.data.roles import Role
from training.errors import VerdictError
from training.evaluation import support
from training.evaluation.sheets import About, of_sentences, write
from training.evaluation.support import fit_support, place, steepness


@pytest.fixture(scope="module")
def whole(tiny: Path) -> Engine:
    return Engine.over(load(tiny), device="cpu", dtype="float32")


@pytest.fixture
def sheet(whole: Engine, tmp_path: Path) -> tuple[Path, Path]:
    texts = [Labelled(sample.text, sample.title) for sample in SAMPLES]
    about = About(sentences=True, data="news", role=Role.CHOOSE, seed=0, artifacts={})
    sheet, key = tmp_path / "sheet.jsonl", tmp_path / "key.json"
    write(list(of_sentences(whole, texts)), sheet, key, about)
    return sheet, key


def judged(sheet: Path, *words: str) -> Path:
    """Verdicts on all sentences of a sheet, in turn."""
    verdicts, turn = sheet.with_name("verdicts.jsonl"), cycle(words)
    lines = [json.loads(line) for line in sheet.read_text("utf-8").splitlines()[1:]]
    verdicts.write_text(
        "".join(
            json.dumps({"number": line["number"], "letter": letter, "verdict": next(turn)}) + "\n"
            for line in lines
            for letter in line["sentences"]
        )
    )
    return verdicts


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Claims of which the tiny artifact's readers may say anything."""
    rows = [
        {"text": sample.text, "target": f"{sample.title}, {n}.", "stance": stance}
        for sample in SAMPLES
        for n, stance in enumerate(("favor", "against", "neutral"))
    ]
    path = tmp_path / "claims.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = Source(path=path, kind=Kind.CLAIM)
    return Config(stages=(Stage(name="x", trains=Part.FAST, data=(source,)),), measured=(source,))


def test_a_run_without_claims_fits_nothing(
    whole: Engine, sheet: tuple[Path, Path], config: Config
) -> None:
    without = config.model_copy(update={"measured": ()})
    with pytest.raises(VerdictError, match="give claims"):
        fit_support(whole, SummaryCalibration(), *sheet, judged(sheet[0], "true"), without)


@pytest.fixture
def steep(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the reader told claims apart, which a random one does not."""
    monkeypatch.setattr(support, "steepness", lambda odds, right: 0.5)


@pytest.mark.usefixtures("steep")
def test_the_mean_support_is_the_share_that_is_true(
    whole: Engine, sheet: tuple[Path, Path], config: Config
) -> None:
    verdicts = judged(sheet[0], "true")
    fitted, figures = fit_support(whole, SummaryCalibration(), *sheet, verdicts, config)
    for tier in ("full", "fast"):
        curve = figures[tier]["curve"]
        mean = sum(row["support"] * row["sentences"] for row in curve) / figures[tier]["sentences"]
        assert mean == pytest.approx(figures[tier]["true"], abs=0.02)
        assert getattr(fitted, f"{tier}_threshold") >= 0.5
        assert getattr(fitted, f"{tier}_temperature") == 2.0


@pytest.mark.usefixtures("steep")
def test_a_reader_that_is_sure_of_what_is_wrong_is_refused(
    whole: Engine, sheet: tuple[Path, Path], config: Config
) -> None:
    with pytest.raises(VerdictError, match="the surest of the full reader are wrong; train it"):
        fit_support(whole, SummaryCalibration(), *sheet, judged(sheet[0], "not settled"), config)


@given(st.floats(0.2, 3), st.lists(st.floats(-6, 6), min_size=2, max_size=60), st.data())
def test_scaled_odds_have_the_mean_that_is_right(
    slope: float, odds: list[float], data: st.DataObject
) -> None:
    right = data.draw(st.lists(st.booleans(), min_size=len(odds), max_size=len(odds)))
    bias = place(odds, right, slope)
    scaled = [1 / (1 + math.exp(-slope * (each + bias))) for each in odds]
    assert sum(scaled) / len(odds) == pytest.approx(sum(right) / len(right), abs=2e-3)


def test_steeper_odds_are_found_and_those_that_fall_are_refused() -> None:
    odds = [-2.0, -1.0, 0.0, 1.0, 2.0] * 2
    right = [False, False, True, True, True, False, True, False, True, True]
    assert steepness(odds, right) > 0
    with pytest.raises(VerdictError, match="surer of claims that are not borne out"):
        steepness([-each for each in odds], right)
