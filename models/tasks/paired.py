"""How much better one model is than another on the same texts, and how sure that is.

The intervals are paired percentile bootstraps over whole texts: both models are measured on the
same draws, so what makes a text hard for both of them does not widen the interval (Efron and
Tibshirani 1993; Koehn 2004, "Statistical significance tests for machine translation evaluation").
The draws are those of `models.tasks.judged`, with its fixed seed.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.tasks.judged import Judged, confusions, draws, label_f1, limits, numbered

TAIL = 0.025
"""How often the truth lies below a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure (0 to 1) of a model `before` and of one `after`, on the same texts.

    `low` and `high` are the ends of the 95 % interval of after minus before.
    """

    before: float
    after: float
    low: float
    high: float
    texts: int

    @property
    def value(self) -> float:
        return round(self.after - self.before, 4)

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def least_texts(tolerance: float) -> int:
    """How many texts are needed at least, even where two models answer all of them alike.

    Of two models that differ on a share `tolerance` of all texts, so many texts show no difference
    with a probability of 2.5 % (the exact binomial bound without an event; near it is the rule of
    three, Hanley and Lippman-Hand 1983). A bootstrap of equal answers has no width and cannot tell.
    """
    return math.ceil(math.log(TAIL) / math.log1p(-tolerance))


def texts_needed(found: Difference, tolerance: float) -> int:
    """About how many texts make half the interval narrower than the tolerance.

    The width falls with the root of the number of texts, where as many answers differ.
    """
    wide = math.ceil(found.texts * (found.half_width / tolerance) ** 2)
    return max(least_texts(tolerance), wide)


def share_difference(
    before: Sequence[float], after: Sequence[float], texts: Sequence[Hashable]
) -> Difference:
    """Of the means of some values; `texts` says which text each is of (None: another)."""
    each, numbers = numbered(texts)
    sums, counts = np.zeros((len(each), 2)), np.zeros(len(each))
    np.add.at(sums, numbers, np.column_stack([before, after]))
    np.add.at(counts, numbers, 1)
    drawn = draws(len(each)).astype(np.float64)
    means = drawn @ sums / (drawn @ counts)[:, None]
    return _difference(sums.sum(0) / counts.sum(), means, len(each))


def f1_differences(
    before: Sequence[Judged], after: Sequence[Judged]
) -> tuple[Difference, dict[str, Difference]]:
    """Of macro-F1 over the labels that people gave, and of the F1 of each of them.

    The answers are about the same texts in the same order. In each resample macro-F1 is over the
    labels that it holds a text of: a rare one that was not drawn would count as a difference of 0,
    and hide one. For the label itself it does count so, since a few texts say little of it.
    """
    names = sorted({j.gold[0] for j in before})
    both = [_label_f1(judged, names) for judged in (before, after)]
    (exact, drawn, there), (other, other_drawn, _) = both
    whole, each = np.stack([exact, other], 1), np.stack([drawn, other_drawn], 2)
    means = (each * there[:, :, None]).sum(1) / there.sum(1)[:, None]
    texts = len(numbered([j.text for j in before])[0])
    labels = {n: _difference(whole[i], each[:, i], texts) for i, n in enumerate(names)}
    return _difference(whole.mean(0), means, texts), labels


def _label_f1(
    judged: Sequence[Judged], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """The F1 of the labels: (labels,), in each resample: (resamples, labels), and whether it has a
    text of the label."""
    counts = confusions(judged, names).astype(np.float64)
    drawn = np.tensordot(draws(len(counts)).astype(np.float64), counts, 1)
    there = drawn.sum(2)[:, : len(names)] > 0
    return label_f1(counts.sum(0)[None])[0, : len(names)], label_f1(drawn)[:, : len(names)], there


def _difference(exact: NDArray[np.float64], drawn: NDArray[np.float64], texts: int) -> Difference:
    """Of the two figures in `exact`, by those of all resamples: (resamples, 2)."""
    low, high = limits(drawn[:, 1] - drawn[:, 0])
    return Difference(round(float(exact[0]), 4), round(float(exact[1]), 4), low, high, texts)
