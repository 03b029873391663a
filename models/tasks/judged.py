"""Answers of labels beside those that people gave, and the metrics that tasks with labels share.

Intervals are percentile bootstraps (Efron and Tibshirani 1993) with a fixed seed. Whole texts are
drawn, not answers: the answers about one text are alike, and drawn apart they would look surer.
"""

from __future__ import annotations

import statistics
from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.analysis import Score

RESAMPLES = 1000
COVERAGES = (1.0, 0.9, 0.75, 0.5)
INTERVAL = "_95"
"""How the name of an interval ends; it begins with its figure's."""
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer beside its labels: the probability given to each label, likeliest first.

    `text` is the text that it is about (None: one that no other answer is about).
    """

    scores: tuple[tuple[str, float], ...]
    gold: tuple[str, ...]
    text: str | None = None

    @classmethod
    def of(cls, scores: Iterable[Score], gold: Iterable[str], text: str | None = None) -> Judged:
        return cls(tuple((score.label, score.probability) for score in scores), tuple(gold), text)

    @property
    def label(self) -> str:
        return self.scores[0][0]

    @property
    def is_wrong(self) -> bool:
        return self.label not in self.gold

    def among(self, names: Container[str]) -> Judged:
        """The same answer among some of the labels."""
        known = tuple(score for score in self.scores if score[0] in names)
        return Judged(known, self.gold, self.text)


def label_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """What labels are worth: those of `f1_figures`, calibration, and each label's F1."""
    return {
        **f1_figures(judged),
        "calibration_error": round(calibration_error(judged), 4),
        "risk_at_coverage": risks(judged),
        "per_label": {name: macro_f1(judged, [name]) for name in _gold_names(judged)},
    }


def f1_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Accuracy and macro-F1, each with its 95 % interval.

    `of_known` is among the labels that the data has. `balanced` is as if each of these were as
    frequent as the others.
    """
    names = _gold_names(judged)
    known = [j.among(names) for j in judged]
    right, texts = [float(j.label in j.gold) for j in judged], [j.text for j in judged]
    return {
        "pairs": len(judged),
        "texts": len(numbered(texts)[0]),
        **share("accuracy", right, texts),
        "macro_f1": macro_f1(judged, names),
        "macro_f1_95": macro_f1_interval(judged, names),
        "macro_f1_of_known": macro_f1(known, names),
        "macro_f1_of_known_95": macro_f1_interval(known, names),
        "balanced_macro_f1": macro_f1(judged, names, balanced=True),
        "balanced_macro_f1_95": macro_f1_interval(judged, names, balanced=True),
    }


def _gold_names(judged: Sequence[Judged]) -> list[str]:
    return sorted({j.gold[0] for j in judged})


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


def macro_f1(judged: Sequence[Judged], names: Sequence[str], balanced: bool = False) -> float:
    """The mean F1 of some labels; that of a label that is neither right nor given is 0."""
    counts = confusions(judged, names).sum(0)[None]
    return round(float(_macro_f1(counts, len(names), balanced)[0]), 4)


def macro_f1_interval(
    judged: Sequence[Judged], names: Sequence[str], balanced: bool = False
) -> Interval:
    """The 95 % interval of `macro_f1`."""
    counts = confusions(judged, names)
    drawn = np.tensordot(draws(len(counts)), counts, 1)
    return limits(_macro_f1(drawn, len(names), balanced))


def confusions(judged: Sequence[Judged], names: Sequence[str]) -> NDArray[np.int64]:
    """How often each label of a text (row) was answered with each (column), some labels first:
    (texts, labels, labels)."""
    seen = {label for j in judged for label in (j.label, j.gold[0])}
    place = {name: n for n, name in enumerate([*names, *sorted(seen.difference(names))])}
    each, numbers = numbered([j.text for j in judged])
    counts = np.zeros((len(each), len(place), len(place)), np.int64)
    gold, given = [place[j.gold[0]] for j in judged], [place[j.label] for j in judged]
    np.add.at(counts, (numbers, gold, given), 1)
    return counts


def _macro_f1(tables: NDArray[Any], names: int, balanced: bool) -> NDArray[np.float64]:
    """The mean F1 of the first `names` labels in each table of confusions: (tables,).

    Balanced: every row is scaled to the same sum, so that each label is as frequent.
    """
    counts = tables.astype(np.float64)
    if balanced:
        counts /= counts.sum(2, keepdims=True).clip(min=1)
    found: NDArray[np.float64] = label_f1(counts)[:, :names].mean(1)
    return found


def label_f1(tables: NDArray[Any]) -> NDArray[np.float64]:
    """The F1 of each label in each table of confusions: (tables, labels)."""
    hits, named = np.diagonal(tables, axis1=1, axis2=2), tables.sum(1) + tables.sum(2)
    found: NDArray[np.float64] = 2 * hits / np.where(named > 0, named, 1)
    return found


def passing(
    true: Sequence[Judged], false: Sequence[Judged], label: str, share: float
) -> tuple[float, Interval]:
    """How many of `false` are as likely of a label as the likeliest `share` of `true` are.

    Gives that share and its 95 % interval, in which the limit moves too. Both must hold something.
    """
    each, numbers = numbered([j.text for j in (*true, *false)])
    scores = np.array([dict(j.scores).get(label, 0.0) for j in (*true, *false)])
    weights = draws(len(each))[:, numbers]
    once = np.ones((1, len(numbers)), np.int64)
    exact, drawn = (_passing(found, scores, len(true), share) for found in (once, weights))
    return round(float(exact[0]), 4), limits(drawn)


def _passing(
    weights: NDArray[np.int64], scores: NDArray[np.float64], true: int, share: float
) -> NDArray[np.float64]:
    """The share that passes in each resample; the first `true` of the scores are of true ones."""
    order = np.argsort(-scores[:true])
    reached = weights[:, :true][:, order].cumsum(1)
    last = (reached >= share * reached[:, -1:] - 1e-9).argmax(1)
    limit = scores[:true][order][last]
    passed = (scores[true:] >= limit[:, None]) * weights[:, true:]
    found: NDArray[np.float64] = passed.sum(1) / weights[:, true:].sum(1).clip(min=1)
    return found


def share(
    name: str, values: Sequence[float], texts: Sequence[Hashable] | None = None
) -> dict[str, Any]:
    """The mean of some values under a name, and its 95 % interval beside it. See `interval`."""
    return {name: mean(values), f"{name}{INTERVAL}": interval(values, texts)}


def interval(values: Sequence[float], texts: Sequence[Hashable] | None = None) -> Interval:
    """The 95 % interval of a mean. `texts` says which text each value is of (None: another)."""
    each, numbers = numbered([None] * len(values) if texts is None else texts)
    sums, counts = np.zeros(len(each)), np.zeros(len(each))
    np.add.at(sums, numbers, values)
    np.add.at(counts, numbers, 1)
    drawn = draws(len(each))
    return limits(drawn @ sums / (drawn @ counts))


def numbered(texts: Sequence[Hashable]) -> tuple[list[Hashable], list[int]]:
    """The texts that there are, and the number of the text of each item; each None is another."""
    keys = [(n,) if text is None else text for n, text in enumerate(texts)]
    place = {key: n for n, key in enumerate(dict.fromkeys(keys))}
    return list(place), [place[key] for key in keys]


def draws(texts: int) -> NDArray[np.int64]:
    """How often each resample has each of some texts: (RESAMPLES, texts)."""
    draw = np.random.default_rng(0)
    return draw.multinomial(texts, np.full(texts, 1 / texts), size=RESAMPLES)


def limits(values: NDArray[np.float64]) -> Interval:
    """The middle 95 % of the figures of all resamples."""
    low, high = np.percentile(values, (2.5, 97.5))
    return round(float(low), 4), round(float(high), 4)


def mean(values: Iterable[float]) -> float:
    """The mean, as figures are written."""
    return round(statistics.fmean(values), 4)
