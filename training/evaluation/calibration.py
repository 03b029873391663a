"""Temperatures, a bias, abstention thresholds and tables of errors, after the network.

All are fitted on texts to choose by. The tables are counted on three quarters of them and all else
is fitted on the rest: a table counts answers that were fitted without it (`models.tasks.limits`).

Temperature scaling: Guo et al. 2017 (1706.04599); the only bias is that of `unrelated`, which
training draws more often than articles do. Selective answers: Geifman and El-Yaniv 2017
(1705.08500): a label is withheld where answers as unsure as it are wrong in more than seven of ten.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from models import registry
from models.engine import Engine
from models.tasks.calibration import Fit
from models.tasks.judged import Judged
from models.tasks.predictions import answered, tables
from training.config import Config
from training.data.labelled import Labelled, digest, load
from training.data.roles import Role

MAX_RISK = 0.7
PARTS = 4
MIN_WITHHELD = 8
TINY = 1e-9


def calibrate(
    engine: Engine, sections: Mapping[str, Any], config: Config, most: int = 400
) -> dict[str, Any]:
    """The sections of an engine's tasks, calibrated. Theirs are neutral (temperatures 1, ...).

    The texts are those to choose by of the measured files that have `calibrate`. To the fit every
    file counts the same, however many pairs it has; the tables are of all texts together.
    """
    sources = [source for source in config.measured if source.calibrate]
    files = [load(source, Role.CHOOSE, engine.info.labels)[:most] for source in sources]
    return {name: _calibrated(engine, name, section, files) for name, section in sections.items()}


def _calibrated(
    engine: Engine, name: str, section: Any, files: Sequence[Sequence[Labelled]]
) -> Any:
    task = registry.get(name)
    evaluation = task.load_evaluation()
    if not evaluation.fits:
        return section
    judged = [evaluation.judged(answered(engine, task, texts)) for texts in files]
    found = section.calibration
    for group, fit in evaluation.fits.items():
        groups = [part for each in judged if (part := _part(each.get(group, ()), counted=False))]
        if groups:
            found = scaling(groups, fit, found)
            limit = threshold([scaled(j, fit, found) for each in groups for j in each])
            found = replace(found, **{fit.threshold: limit})
    others = {
        group: [
            scaled(j, fit, found)
            for each in judged
            for j in _part(each.get(group, ()), counted=True)
        ]
        for group, fit in evaluation.fits.items()
    }
    texts = [text for each in files for text in each]
    fitted = evaluation.completed(replace(section, calibration=found), engine, texts)
    return replace(fitted, limits=tables(evaluation, others, found))


def _part(judged: Sequence[Judged], *, counted: bool) -> list[Judged]:
    """Those whose texts are counted in tables, or the others: a text is the same in all files."""
    return [j for j in judged if (int(digest(j.text or ""), 16) % PARTS != 0) == counted]


def scaling(groups: Sequence[Sequence[Judged]], fit: Fit, begin: Any) -> Any:
    """The numbers of a fit under which the right labels are likeliest, a group as its mean.

    Those that belong to a label stay as they are where no group knows that label.
    """
    known = {name for each in groups for j in each for name, _ in j.scores}
    free = {n: v for n, v in fit.numbers.items() if fit.of_label.get(n) in {None, *known}}

    def fitted(values: NDArray[np.float64]) -> Any:
        return replace(begin, **dict(zip(free, values.tolist(), strict=True)))

    def cost(values: NDArray[np.float64]) -> float:
        now = fitted(values)
        return math.fsum(
            statistics.fmean(negative_log_likelihood(j, fit, now) for j in each) for each in groups
        )

    first, bounds = [v[0] for v in free.values()], [v[1:] for v in free.values()]
    best = minimize(cost, first, bounds=bounds, method="Powell")
    return fitted(best.x.round(3))


def negative_log_likelihood(judged: Judged, fit: Fit, fitted: Any) -> float:
    """The negative log-likelihood of the right labels."""
    scores = scaled(judged, fit, fitted).scores
    return -math.log(max(TINY, sum(p for name, p in scores if name in judged.gold)))


def threshold(judged: Sequence[Judged]) -> float:
    """The highest confidence up to which answers are wrong more often than `MAX_RISK`."""
    ordered = sorted(judged, key=lambda j: j.scores[0][1])
    wrong, found = 0, 0.0
    for count, j in enumerate(ordered, 1):
        wrong += j.is_wrong
        if count >= MIN_WITHHELD and wrong / count > MAX_RISK:
            found = j.scores[0][1]
    return round(found, 3)


def scaled(judged: Judged, fit: Fit, fitted: Any) -> Judged:
    """An answer with its probabilities as a fit has them."""
    found = fit.scale({name: math.log(max(p, TINY)) for name, p in judged.scores}, fitted)
    scores = tuple(sorted(found.items(), key=lambda score: -score[1]))
    return replace(judged, scores=scores)
