"""Temperatures and thresholds, on answers for which they are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from models.analysis import Analysis
from models.article import Article, Options
from models.engine import Engine
from models.tasks.calibration import Fit
from models.tasks.judged import Judged, calibration_error
from models.tasks.stance import metrics as stance
from models.tasks.stance.calibration import staged
from models.tasks.stance.section import StanceCalibration
from models.tasks.topic import metrics as topic
from models.tasks.topic.section import TopicCalibration
from tests.support.articles import SAMPLES
from tests.support.training_run import WriteRows, in_role
from training.config import Config
from training.data.labelled import digest
from training.data.roles import Role
from training.evaluation.calibration import PARTS, calibrate, scaling, threshold

STANCE, OVERALL = (stance.EVALUATION.fits[name] for name in ("full_claim", "overall"))
TOPIC = topic.EVALUATION.fits["topic"]


def judged(probability: float, right: bool) -> Judged:
    return Judged((("yes", probability), ("no", 1 - probability)), ("yes" if right else "no",))


@pytest.mark.parametrize(
    ("fit", "begin", "name"),
    [
        pytest.param(TOPIC, TopicCalibration(), "temperature", id="topic"),
        pytest.param(STANCE, StanceCalibration(), "full_claim_temperature", id="stance"),
        pytest.param(OVERALL, StanceCalibration(), "overall_temperature", id="overall"),
    ],
)
def test_a_model_that_is_too_sure_is_cooled_down(fit: Fit, begin: Any, name: str) -> None:
    answers = [judged(0.99, n % 4 != 0) for n in range(100)]
    fitted = scaling([answers], fit, begin)
    heat = getattr(fitted, name)
    assert fitted == replace(begin, **{name: heat}), "nothing else is known"
    assert heat > 2
    again = 0.99 ** (1 / heat) / (0.99 ** (1 / heat) + 0.01 ** (1 / heat))
    assert again == pytest.approx(0.75, abs=0.01)
    assert calibration_error(answers) > 0.2


def test_a_large_file_does_not_drown_a_small_one() -> None:
    large = [judged(0.99, True)] * 1000
    small = [judged(0.99, n % 2 == 0) for n in range(10)]
    apart, together = (
        scaling(groups, TOPIC, TopicCalibration()).temperature
        for groups in ([large, small], [[*large, *small]])
    )
    assert apart > together


def test_a_model_that_takes_too_much_for_unrelated_is_held_back() -> None:
    scores = (("unrelated", 0.6), ("favor", 0.3), ("against", 0.1))
    rights = ["unrelated", *["favor"] * 2, "against"] * 25
    answers = [Judged(scores, (right,)) for right in rights]
    fitted = scaling([answers], STANCE, StanceCalibration())
    logits = {name: math.log(probability) for name, probability in scores}
    given = staged(logits, fitted, "full_claim")
    assert given == pytest.approx({"unrelated": 0.25, "favor": 0.5, "against": 0.25}, abs=0.01)


def test_only_what_is_mostly_wrong_is_withheld() -> None:
    unsure = [judged(0.5 + n / 1000, False) for n in range(10)]
    sure = [judged(0.9 + n / 1000, True) for n in range(10)]
    assert threshold([*unsure, *sure]) == pytest.approx(0.903)  # 10 of 14 are wrong
    assert threshold(sure) == 0


def test_tables_are_counted_on_texts_that_nothing_else_is_fitted_on(
    engine: Engine, write_rows: WriteRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [in_role(f"{n} gulls came. {SAMPLES[n % 3].text}", Role.CHOOSE) for n in range(30)]
    options = Options(tasks=frozenset({"topic"}))
    found = engine.analyze([engine.prepare(Article(text, options=options)) for text in texts])
    labels = [each.topic.label for each in found if isinstance(each, Analysis) and each.topic]
    path = write_rows({"text": t, "topic": name} for t, name in zip(texts, labels, strict=True))
    stage = {"name": "one", "trains": "encoder", "data": [{"path": "other.jsonl"}]}
    config = Config.model_validate({"stages": [stage], "measured": [{"path": str(path)}]})
    fitted: set[str | None] = set()

    def watched(groups: Sequence[Sequence[Judged]], fit: Fit, begin: Any) -> Any:
        fitted.update(j.text for each in groups for j in each)
        return scaling(groups, fit, begin)

    monkeypatch.setattr("training.evaluation.calibration.scaling", watched)
    section = calibrate(engine, engine.sections, config)["topic"]
    (*_, last) = section.limits["topic"]
    assert (last.answered, last.wrong) == (len(texts) - len(fitted), 0)
    assert fitted == {text for text in texts if int(digest(text), 16) % PARTS == 0}
