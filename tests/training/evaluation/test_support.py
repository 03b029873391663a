"""Support is fitted on judged sentences, for each reader."""

from __future__ import annotations

import json
import math
from itertools import cycle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.artifact.artifact import load
from models.engine import Engine
from models.tasks.summary.section import SummaryCalibration
from tests.support.articles import SAMPLES
from training.data.labelled import Labelled
from training.data.roles import Role
from training.errors import VerdictError
from training.evaluation.sheets import About, of_sentences, write
from training.evaluation.support import fit_support, platt


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


def test_sentences_of_one_verdict_fit_nothing(whole: Engine, sheet: tuple[Path, Path]) -> None:
    with pytest.raises(VerdictError, match="same verdict; judge more"):
        fit_support(whole, SummaryCalibration(), *sheet, judged(sheet[0], "true"))


@given(
    st.floats(0.3, 3), st.floats(-2, 2), st.lists(st.floats(-6, 6), min_size=40, max_size=60)
)
def test_the_scaling_that_made_the_verdicts_is_found(
    slope: float, offset: float, odds: list[float]
) -> None:
    """Each sentence stands in as many copies as its chance says, so the fit is exact enough."""
    chances = [1 / (1 + math.exp(-slope * each - offset)) for each in odds]
    given_odds = [each for each in odds for _ in range(100)]
    right = [n < round(100 * chance) for chance in chances for n in range(100)]
    if len({round(each) for each in odds}) < 4:
        return
    found = platt(given_odds, right)
    mean_error = sum(
        abs(1 / (1 + math.exp(-found[0] * each - found[1])) - chance)
        for each, chance in zip(odds, chances, strict=True)
    ) / len(odds)
    assert mean_error < 0.02


def test_sure_and_wrong_is_refused() -> None:
    with pytest.raises(VerdictError, match="true less often"):
        platt([-2.0, -1.0, 1.0, 2.0], [True, True, False, False])
