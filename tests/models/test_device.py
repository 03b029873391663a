"""The engine on a CUDA device answers as on a CPU. Skipped where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.analysis import Analysis, Score
from models.article import Article, Options, Style, Tier
from models.engine import Engine
from tests.support.articles import LONG_TEXT, SAMPLES

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device is here")

ARTICLES = [
    Article(
        text,
        options=Options(
            targets=("the tram", "It rained all day."),
            reader=tier,
            style=style,
        ),
    )
    for text in (*(sample.text for sample in SAMPLES), LONG_TEXT)
    for tier, style in ((Tier.FAST, Style.WRITTEN), (Tier.FULL, Style.EXTRACTIVE))
]


def analyse(engine: Engine, articles: list[Article]) -> list[Analysis]:
    found = engine.analyze([engine.prepare(article) for article in articles])
    assert all(isinstance(each, Analysis) for each in found)
    return [each for each in found if isinstance(each, Analysis)]


def scores(found: Analysis) -> list[Score]:
    answers = [found.topic, *(found.stance or ())]
    return [score for each in answers if each for score in sorted(each.scores, key=_label)]


def _label(score: Score) -> str:
    return score.label


def assert_close(one: Analysis, other: Analysis, within: float) -> None:
    for mine, its in zip(scores(one), scores(other), strict=True):
        assert mine.label == its.label
        assert mine.probability == pytest.approx(its.probability, abs=within)


@pytest.fixture(scope="module")
def gpu(tiny: Path) -> Engine:
    return Engine.load(tiny, device="cuda", dtype="float32")


def test_a_gpu_answers_as_a_cpu(engine: Engine, gpu: Engine) -> None:
    for mine, its in zip(analyse(gpu, ARTICLES), analyse(engine, ARTICLES), strict=True):
        assert_close(mine, its, 1e-3)
        assert mine.summary is not None
        assert its.summary is not None
        assert mine.summary.text == its.summary.text


def test_the_answer_on_a_gpu_is_the_same_in_any_company(gpu: Engine) -> None:
    for together, article in zip(analyse(gpu, ARTICLES), ARTICLES, strict=True):
        assert_close(together, analyse(gpu, [article])[0], 1e-3)


def test_auto_is_the_gpu_in_bfloat16_where_it_computes_that(tiny: Path) -> None:
    engine = Engine.load(tiny)
    assert engine.info.device.startswith("cuda")
    assert engine.info.dtype == "bfloat16"
    for found in analyse(engine, ARTICLES):
        assert found.topic is not None
        assert sum(score.probability for score in found.topic.scores) == pytest.approx(1)
