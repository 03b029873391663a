"""Temperatures, a bias and abstention thresholds, fitted on validation data after the network.

Temperature scaling: Guo et al. 2017 (1706.04599); the only bias is that of `unrelated`, which
training draws more often than articles do. Selective answers: Geifman and El-Yaniv 2017
(1705.08500): a label is withheld where answers as unsure as it are wrong in more than seven of ten.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.engine import Engine
from models.labels import UNRELATED
from models.tasks.calibration import Calibration
from models.tasks.labelling import staged, tempered
from training.config import Config, Source
from training.data.labelled import Labelled, load, split
from training.evaluation.predictions import Judged, judge_overall, judge_stances, judge_topics

MAX_RISK = 0.7
MIN_WITHHELD = 8
TINY = 1e-9

Judge = Callable[[Engine, Sequence[Labelled]], list[Judged]]
Scale = Callable[[Mapping[str, float], Calibration], Mapping[str, float]]
TEMPERATURE_BOUNDS, BIASES = (1.0, 0.25, 5.0), (0.0, -4.0, 4.0)
"""Where a temperature and a bias begin, and between what they end."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is calibrated together: answers, how they are scaled, and by which of the numbers."""

    judge: Judge
    scale: Scale
    numbers: Mapping[str, tuple[float, float, float]]


HEADS = {
    "topic": Head(
        judge=lambda engine, texts: judge_topics(engine, [t for t in texts if t.topics]),
        scale=lambda logits, fitted: tempered(logits, fitted.topic_temperature),
        numbers={"topic_temperature": TEMPERATURE_BOUNDS},
    ),
    "stance": Head(
        judge=lambda engine, texts: judge_stances(engine, [t for t in texts if any(t.stances)]),
        scale=staged,
        numbers={
            "stance_temperature": TEMPERATURE_BOUNDS,
            "unrelated_temperature": TEMPERATURE_BOUNDS,
            "unrelated_bias": BIASES,
        },
    ),
    "overall": Head(
        judge=lambda engine, texts: judge_overall(engine, [t for t in texts if None in t.stances]),
        scale=lambda logits, fitted: tempered(logits, fitted.overall_temperature),
        numbers={"overall_temperature": TEMPERATURE_BOUNDS},
    ),
}


def calibrate(engine: Engine, config: Config, most: int = 400) -> Calibration:
    """The calibration of an engine whose own is the neutral one (temperatures 1, thresholds 0).

    Every file counts the same, however many pairs it has.
    """
    files = [_held(source, most) for source in config.validation if source.calibrate]
    found = Calibration()
    for name, head in HEADS.items():
        groups = [judged for judged in (head.judge(engine, texts) for texts in files) if judged]
        if groups:
            found = scaling(groups, head, found)
            limit = threshold([_scaled(j, head, found) for judged in groups for j in judged])
            found = replace(found, **{f"{name}_threshold": limit})
    return found


def _held(source: Source, most: int) -> list[Labelled]:
    return split(load(source), source, validation=True)[:most]


def scaling(groups: Sequence[Sequence[Judged]], head: Head, begin: Calibration) -> Calibration:
    """The numbers of a head under which the right labels are likeliest, a group as its mean.

    Those of `unrelated` stay as they are where no group knows that label.
    """
    knows = any(name == UNRELATED for each in groups for j in each for name, _ in j.scores)
    free = {n: v for n, v in head.numbers.items() if knows or not n.startswith(UNRELATED)}

    def fitted(values: NDArray[np.float64]) -> Calibration:
        return replace(begin, **dict(zip(free, values.tolist(), strict=True)))

    def cost(values: NDArray[np.float64]) -> float:
        now = fitted(values)
        return math.fsum(
            statistics.fmean(negative_log_likelihood(j, head, now) for j in each) for each in groups
        )

    first, bounds = [v[0] for v in free.values()], [v[1:] for v in free.values()]
    best = minimize(cost, first, bounds=bounds, method="Powell")
    return fitted(best.x.round(3))


def negative_log_likelihood(judged: Judged, head: Head, fitted: Calibration) -> float:
    """The negative log-likelihood of the right labels."""
    scaled = _scaled(judged, head, fitted).scores
    return -math.log(max(TINY, sum(p for name, p in scaled if name in judged.gold)))


def threshold(judged: Sequence[Judged]) -> float:
    """The highest confidence up to which answers are wrong more often than `MAX_RISK`."""
    ordered = sorted(judged, key=lambda j: j.scores[0][1])
    wrong, found = 0, 0.0
    for count, j in enumerate(ordered, 1):
        wrong += j.label not in j.gold
        if count >= MIN_WITHHELD and wrong / count > MAX_RISK:
            found = j.scores[0][1]
    return round(found, 3)


def _scaled(judged: Judged, head: Head, fitted: Calibration) -> Judged:
    scaled = head.scale({name: math.log(max(p, TINY)) for name, p in judged.scores}, fitted)
    return Judged(tuple(sorted(scaled.items(), key=lambda score: -score[1])), judged.gold)
