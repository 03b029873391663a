"""Answers of an engine beside the labels that people gave, and what to make of them."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from models.analysis import Analysis
from models.article import Article, Options, Task
from models.engine import Engine
from models.errors import AnalysisError, ArticleError
from training.data.labelled import Labelled

BATCH = 32
RESAMPLES = 1000
COVERAGES = (1.0, 0.9, 0.75, 0.5)


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer beside its labels: the probability given to each label, likeliest first."""

    scores: tuple[tuple[str, float], ...]
    gold: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.scores[0][0]


def analyses(
    engine: Engine, articles: Iterable[Article]
) -> Iterator[Analysis | AnalysisError | ArticleError]:
    """The engine's outcome for each article, in order, batched as it comes."""
    batch: list[Any] = []
    for article in articles:
        try:
            batch.append(engine.prepare(article))
        except ArticleError as error:
            batch.append(error)
        if len(batch) == BATCH:
            yield from _outcomes(engine, batch)
            batch = []
    yield from _outcomes(engine, batch)


def _outcomes(engine: Engine, batch: Sequence[Any]) -> Iterator[Any]:
    ready = [item for item in batch if not isinstance(item, ArticleError)]
    outcomes = iter(engine.analyze(ready))
    yield from (item if isinstance(item, ArticleError) else next(outcomes) for item in batch)


def judge_topics(engine: Engine, texts: Sequence[Labelled]) -> list[Judged]:
    """Topics of texts beside their labels."""
    options = Options(tasks=frozenset({Task.TOPIC}))
    asked = (Article(t.text, t.title, options=options) for t in texts)
    return [
        Judged(_pairs(found.topic.scores), tuple(text.topics))
        for text, found in zip(texts, analyses(engine, asked), strict=True)
        if isinstance(found, Analysis) and found.topic
    ]


def judge_stances(engine: Engine, texts: Sequence[Labelled], most: int = 40) -> list[Judged]:
    """Stances toward the named targets of texts beside their labels; at most `most` of a text."""
    asked = []
    for text in texts:
        targets = tuple(target for target in text.stances if target)[:most]
        options = Options(targets=targets, tasks=frozenset({Task.STANCE}))
        asked.append(Article(text.text, text.title, options=options))
    return [
        Judged(_pairs(stance.scores), (text.stances[stance.target],))
        for text, found in zip(texts, analyses(engine, asked), strict=True)
        if isinstance(found, Analysis)
        for stance in found.stance or ()
    ]


def judge_overall(engine: Engine, texts: Sequence[Labelled]) -> list[Judged]:
    """Stances of texts toward their own subject beside their labels."""
    options = Options(tasks=frozenset({Task.STANCE}))
    asked = (Article(t.text, t.title, options=options) for t in texts)
    return [
        Judged(_pairs(found.stance[0].scores), (text.stances[None],))
        for text, found in zip(texts, analyses(engine, asked), strict=True)
        if isinstance(found, Analysis) and found.stance
    ]


def _pairs(scores: Iterable[Any]) -> tuple[tuple[str, float], ...]:
    return tuple((score.label, score.probability) for score in scores)


def calibration_error(judged: Sequence[Judged], bins: int = 10) -> float:
    """Expected calibration error of the main label (Guo et al. 2017, 1706.04599), 0 to 1."""
    error = 0.0
    for low in range(bins):
        inside = [j for j in judged if low <= min(j.scores[0][1] * bins, bins - 1e-9) < low + 1]
        if inside:
            sure = statistics.fmean(j.scores[0][1] for j in inside)
            error += abs(sure - statistics.fmean(j.label in j.gold for j in inside)) * len(inside)
    return error / len(judged)


def risks(judged: Sequence[Judged]) -> dict[str, float]:
    """The share of wrong answers among the surest ones, by the share that is answered.

    The risk-coverage curve of selective classification (El-Yaniv and Wiener 2010).
    """
    surest = sorted(judged, key=lambda j: -j.scores[0][1])
    return {
        f"{coverage:.0%}": mean(j.label not in j.gold for j in surest[:count])
        for coverage in COVERAGES
        for count in [max(1, round(coverage * len(surest)))]
    }


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean by bootstrap, with a fixed seed."""
    draw = random.Random(0)  # noqa: S311 - resampling, not secrecy
    means = sorted(statistics.fmean(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return round(means[int(0.025 * RESAMPLES)], 4), round(means[int(0.975 * RESAMPLES)], 4)


def macro_f1_interval(judged: Sequence[Judged], names: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of the macro-F1 of some labels: their confusions by bootstrap, as above."""
    others = sorted({j.label for j in judged}.difference(names))
    right, given = [j.gold[0] for j in judged], [j.label for j in judged]
    counts = confusion_matrix(right, given, labels=[*names, *others])
    draw = np.random.default_rng(0)
    drawn = draw.multinomial(len(judged), counts.ravel() / len(judged), size=RESAMPLES)
    tables = drawn.reshape(RESAMPLES, *counts.shape)
    hits, named = np.diagonal(tables, axis1=1, axis2=2), tables.sum(1) + tables.sum(2)
    macro = (2 * hits / named.clip(min=1))[:, : len(names)].mean(1)
    low, high = np.percentile(macro, (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


def mean(values: Iterable[float]) -> float:
    """The mean, as figures are written."""
    return round(statistics.fmean(values), 4)
