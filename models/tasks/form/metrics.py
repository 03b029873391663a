"""How often forms are right. The gold of a text is one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.article import Options
from models.tasks.calibration import TEMPERED
from models.tasks.evaluation import Answered, Evaluation
from models.tasks.judged import Judged, label_figures, share

SIDES = ("opinion", "report")
"""The two forms that a reader of stances wants told apart."""


def asked(_: str) -> Sequence[Options]:
    """The form."""
    return [Options(tasks=frozenset({"form"}))]


def judged(answered: Sequence[Answered]) -> dict[str, list[Judged]]:
    """The forms beside their labels."""
    return {"form": [Judged.of(each.result.scores, [each.gold], each.text) for each in answered]}


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """What the forms are worth, and of opinion pieces and reports how many are told apart."""
    found = judged(answered)["form"]
    told = [j for j in found if j.gold[0] in SIDES]
    right = [float(j.among(SIDES).label in j.gold) for j in told]
    sides = share("opinion_against_report", right, [j.text for j in told]) if right else {}
    return {"form": label_figures(found) | sides}


EVALUATION = Evaluation(
    asked=asked,
    figures=figures,
    judged=judged,
    fits={"form": TEMPERED},
)
