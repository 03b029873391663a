"""How often topics are right. The gold of a text are its topics, the main one first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.article import Options
from models.tasks.calibration import TEMPERED
from models.tasks.evaluation import Answered, Evaluation
from models.tasks.judged import (
    Judged,
    calibration_error,
    macro_f1,
    macro_f1_interval,
    mean,
    risks,
    share,
)
from models.tasks.topic.thresholds import completed


def asked(_: Sequence[str]) -> Sequence[Options]:
    """The topic, however many the text has."""
    return [Options(tasks=frozenset({"topic"}))]


def judged(answered: Sequence[Answered]) -> dict[str, list[Judged]]:
    """The topics beside their labels."""
    return {"topic": [Judged.of(each.result.scores, each.gold, each.text) for each in answered]}


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """Accuracy with and without second topics, macro-F1, calibration, and that of each topic."""
    found = judged(answered)["topic"]
    hits = [float(j.label in j.gold) for j in found]
    mains = [float(j.label == j.gold[0]) for j in found]
    known = {topic for j in found for topic in j.gold}
    main = sorted({topic for j in found for topic in (j.gold[0], j.label)})
    by_topic: dict[str, list[float]] = {}
    for j, hit in zip(found, hits, strict=True):
        by_topic.setdefault(j.gold[0], []).append(hit)
    return {
        "topic": {
            "texts": len(found),
            **share("main", mains),
            **share("main_or_second", hits),
            "main_or_second_of_known": mean(j.among(known).label in j.gold for j in found),
            "macro_f1": macro_f1(found, main),
            "macro_f1_95": macro_f1_interval(found, main),
            "calibration_error": round(calibration_error(found), 4),
            "risk_at_coverage": risks(found),
            "per_topic": {topic: [len(h), mean(h)] for topic, h in sorted(by_topic.items())},
        }
    }


EVALUATION = Evaluation(
    asked=asked,
    figures=figures,
    judged=judged,
    fits={"topic": TEMPERED},
    completed=completed,
)
