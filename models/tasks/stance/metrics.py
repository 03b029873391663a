"""How often stances are right.

The gold of a text maps targets to stances; the target None is its own subject.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.analysis import StanceAnalysis
from models.article import Options
from models.labels import UNRELATED
from models.tasks.calibration import BIAS_START, TEMPERATURE_START, Fit
from models.tasks.evaluation import Answered, Evaluation
from models.tasks.judged import Judged, label_figures
from models.tasks.stance import calibration

MOST_TARGETS = 40
"""Targets of a text that are asked for, at most."""


def asked(gold: Mapping[str | None, str]) -> Sequence[Options]:
    """The stances toward the targets that are named, and the one toward the own subject."""
    targets, tasks = tuple(target for target in gold if target), frozenset({"stance"})
    named = [Options(targets[:MOST_TARGETS], tasks)] if targets else []
    return [*named, *([Options(tasks=tasks)] if None in gold else [])]


def judged(answered: Sequence[Answered]) -> dict[str, list[Judged]]:
    """The stances beside their labels: toward targets, and toward own subjects (`overall`)."""
    found: dict[str, list[Judged]] = {}
    for each in answered:
        stances: Sequence[StanceAnalysis] = each.result
        for stance in stances:
            group = "stance" if stance.target is not None else "overall"
            one = Judged.of(stance.scores, (each.gold[stance.target],))
            found.setdefault(group, []).append(one)
    return found


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """Macro-F1 and calibration, toward targets and overall."""
    return {group: label_figures(found) for group, found in judged(answered).items()}


EVALUATION = Evaluation(
    asked=asked,
    figures=figures,
    judged=judged,
    fits={
        "stance": Fit(
            numbers={
                "temperature": TEMPERATURE_START,
                "unrelated_temperature": TEMPERATURE_START,
                "unrelated_bias": BIAS_START,
            },
            scale=calibration.staged,
            threshold="threshold",
            of_label={"unrelated_temperature": UNRELATED, "unrelated_bias": UNRELATED},
        ),
        "overall": Fit(
            numbers={"overall_temperature": TEMPERATURE_START},
            scale=calibration.overall,
            threshold="overall_threshold",
        ),
    },
)
