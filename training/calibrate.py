"""Temperatures, a bias and abstention thresholds, fitted on validation data after the network.

Temperature and vector scaling: Guo et al. 2017 (1706.04599); the only bias is that of `unrelated`,
which training draws more often than articles do. Selective answers: Geifman and El-Yaniv 2017
(1705.08500): a label is withheld where answers as unsure as it are hardly better than chance.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models.artifact import Calibration
from models.engine import Engine
from models.labels import UNRELATED
from training.config import Config, Source
from training.data import Labelled, load, split
from training.judging import Judged, judge_overall, judge_stances, judge_topics

MAX_RISK = 0.75
MIN_WITHHELD = 8
TINY = 1e-9

Judge = Callable[[Sequence[Labelled]], list[Judged]]


def calibrate(engine: Engine, config: Config, most: int = 400) -> Calibration:
    """The calibration of an engine whose own is the neutral one (temperatures 1, thresholds 0).

    Every file counts the same, however many pairs it has.
    """
    files = [_held(source, most) for source in config.validation]
    judges: dict[str, Judge] = {
        "topic": lambda texts: judge_topics(engine, [t for t in texts if t.topics]),
        "stance": lambda texts: judge_stances(engine, [t for t in texts if any(t.stances)]),
        "overall": lambda texts: judge_overall(engine, [t for t in texts if None in t.stances]),
    }
    found = Calibration()
    for name, judge in judges.items():
        groups = [judged for judged in map(judge, files) if judged]
        if groups:
            heat, bias = scaling(groups)
            limit = threshold([_scaled(j, heat, bias) for judged in groups for j in judged])
            found = replace(found, **{f"{name}_temperature": heat, f"{name}_threshold": limit})
            if name == "stance":
                found = replace(found, unrelated_bias=bias)
    return found


def _held(source: Source, most: int) -> list[Labelled]:
    return split(load(source), source, validation=True)[:most]


def scaling(groups: Sequence[Sequence[Judged]]) -> tuple[float, float]:
    """The temperature, and the bias of `unrelated`, under which the labels are likeliest.

    A group counts as its mean. The bias is 0 where no group knows that label.
    """

    def cost(found: NDArray[np.float64]) -> float:
        return math.fsum(statistics.fmean(_surprise(j, *found) for j in each) for each in groups)

    knows = any(name == UNRELATED for each in groups for j in each for name, _ in j.scores)
    begin, bounds = [1.0, 0.0], [(0.25, 5.0), (-4.0, 4.0)]
    free = 1 + knows
    best = minimize(cost, begin[:free], bounds=bounds[:free], method="Nelder-Mead")
    found = [round(float(value), 3) for value in best.x]
    return found[0], found[1] if knows else 0.0


def _surprise(judged: Judged, heat: float, bias: float = 0.0) -> float:
    """The negative log-likelihood of the right labels."""
    scaled = _scaled(judged, heat, bias).scores
    return -math.log(max(TINY, sum(p for name, p in scaled if name in judged.right)))


def threshold(judged: Sequence[Judged]) -> float:
    """The highest confidence up to which answers are wrong more often than `MAX_RISK`."""
    ordered = sorted(judged, key=lambda j: j.scores[0][1])
    wrong, found = 0, 0.0
    for count, j in enumerate(ordered, 1):
        wrong += j.label not in j.right
        if count >= MIN_WITHHELD and wrong / count > MAX_RISK:
            found = j.scores[0][1]
    return round(found, 3)


def _scaled(judged: Judged, heat: float, bias: float) -> Judged:
    logits = {name: math.log(max(p, TINY)) / heat for name, p in judged.scores}
    if UNRELATED in logits:
        logits[UNRELATED] += bias
    total = math.fsum(map(math.exp, logits.values()))
    scores = [(name, math.exp(logit) / total) for name, logit in logits.items()]
    return Judged(tuple(sorted(scores, key=lambda score: -score[1])), judged.right)
