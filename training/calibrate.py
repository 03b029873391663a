"""Temperatures and abstention thresholds, fitted on validation data after the network.

Temperature scaling: Guo et al. 2017 (1706.04599). Selective answers: Geifman and El-Yaniv 2017
(1705.08500): a label is withheld where answers as unsure as it are hardly better than chance.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace

from scipy.optimize import minimize_scalar

from models.artifact import Calibration
from models.engine import Engine
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
            heat = temperature(groups)
            limit = threshold([_tempered(j, heat) for judged in groups for j in judged])
            found = replace(found, **{f"{name}_temperature": heat, f"{name}_threshold": limit})
    return found


def _held(source: Source, most: int) -> list[Labelled]:
    return split(load(source), source, validation=True)[:most]


def temperature(groups: Sequence[Sequence[Judged]]) -> float:
    """The temperature under which the labels are likeliest, a group counting as its mean."""

    def cost(heat: float) -> float:
        return math.fsum(statistics.fmean(_surprise(j, heat) for j in each) for each in groups)

    best = minimize_scalar(cost, bounds=(0.25, 5.0), method="bounded")
    return round(float(best.x), 3)


def _surprise(judged: Judged, heat: float) -> float:
    """The negative log-likelihood of the right labels."""
    tempered = _tempered(judged, heat).scores
    return -math.log(max(TINY, sum(p for name, p in tempered if name in judged.right)))


def threshold(judged: Sequence[Judged]) -> float:
    """The highest confidence up to which answers are wrong more often than `MAX_RISK`."""
    ordered = sorted(judged, key=lambda j: j.scores[0][1])
    wrong, found = 0, 0.0
    for count, j in enumerate(ordered, 1):
        wrong += j.label not in j.right
        if count >= MIN_WITHHELD and wrong / count > MAX_RISK:
            found = j.scores[0][1]
    return round(found, 3)


def _tempered(judged: Judged, heat: float) -> Judged:
    powers = [(name, max(p, TINY) ** (1 / heat)) for name, p in judged.scores]
    total = math.fsum(p for _, p in powers)
    return Judged(tuple((name, p / total) for name, p in powers), judged.right)
