"""Answers of labels beside those that people gave, and the metrics that tasks with labels share."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.analysis import Score

RESAMPLES = 1000
COVERAGES = (1.0, 0.9, 0.75, 0.5)


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer beside its labels: the probability given to each label, likeliest first."""

    scores: tuple[tuple[str, float], ...]
    gold: tuple[str, ...]

    @classmethod
    def of(cls, scores: Iterable[Score], gold: Iterable[str]) -> Judged:
        return cls(tuple((score.label, score.probability) for score in scores), tuple(gold))

    @property
    def label(self) -> str:
        return self.scores[0][0]

    def among(self, names: Container[str]) -> Judged:
        """The same answer among some of the labels."""
        return Judged(tuple(score for score in self.scores if score[0] in names), self.gold)


def label_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Macro-F1 as the labels fall, and on as many of each label as the rarest has (balanced)."""
    names = sorted({j.gold[0] for j in judged})
    fewest = min(Counter(j.gold[0] for j in judged).values())
    balanced = [j for name in names for j in [k for k in judged if k.gold[0] == name][:fewest]]
    known = [j.among(names) for j in judged]
    return {
        "pairs": len(judged),
        "accuracy": mean(j.label in j.gold for j in judged),
        "macro_f1": macro_f1(judged, names),
        "macro_f1_of_known": macro_f1(known, names),
        "macro_f1_of_known_95": macro_f1_interval(known, names),
        "balanced_pairs": len(balanced),
        "balanced_macro_f1": macro_f1(balanced, names),
        "balanced_macro_f1_95": macro_f1_interval(balanced, names),
        "calibration_error": round(calibration_error(judged), 4),
        "risk_at_coverage": risks(judged),
        "per_label": {name: macro_f1(judged, [name]) for name in names},
    }


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


def macro_f1(judged: Sequence[Judged], names: Sequence[str]) -> float:
    """The mean F1 of some labels; that of a label that is neither right nor given is 0."""
    return round(float(_f1(_confusions(judged, names)[None])[0, : len(names)].mean()), 4)


def macro_f1_interval(judged: Sequence[Judged], names: Sequence[str]) -> tuple[float, float]:
    """The 95 % interval of the macro-F1 of some labels: their confusions by bootstrap."""
    counts = _confusions(judged, names)
    draw = np.random.default_rng(0)
    drawn = draw.multinomial(len(judged), counts.ravel() / len(judged), size=RESAMPLES)
    macro = _f1(drawn.reshape(RESAMPLES, *counts.shape))[:, : len(names)].mean(1)
    low, high = np.percentile(macro, (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


def _confusions(judged: Sequence[Judged], names: Sequence[str]) -> NDArray[np.int64]:
    """How often each label (row) was answered with each (column), some labels first."""
    seen = {label for j in judged for label in (j.label, j.gold[0])}
    place = {name: n for n, name in enumerate([*names, *sorted(seen.difference(names))])}
    counts = np.zeros((len(place), len(place)), np.int64)
    np.add.at(counts, ([place[j.gold[0]] for j in judged], [place[j.label] for j in judged]), 1)
    return counts


def _f1(tables: NDArray[np.int64]) -> NDArray[np.float64]:
    """The F1 of each label in each table of confusions: (tables, labels)."""
    hits, named = np.diagonal(tables, axis1=1, axis2=2), tables.sum(1) + tables.sum(2)
    found: NDArray[np.float64] = 2 * hits / named.clip(min=1)
    return found


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean by bootstrap, with a fixed seed."""
    draw = random.Random(0)  # noqa: S311 - resampling, not secrecy
    means = sorted(statistics.fmean(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return round(means[int(0.025 * RESAMPLES)], 4), round(means[int(0.975 * RESAMPLES)], 4)


def mean(values: Iterable[float]) -> float:
    """The mean, as figures are written."""
    return round(statistics.fmean(values), 4)
