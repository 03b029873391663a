"""How often the task `toy` is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.article import Options
from models.tasks.evaluation import Answered, Evaluation
from models.tasks.judged import mean


def asked(_: str) -> Sequence[Options]:
    return [Options(tasks=frozenset({"toy"}))]


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    right = [each.result.label == each.gold for each in answered]
    return {"toy": {"texts": len(right), "accuracy": mean(right)}}


EVALUATION = Evaluation(asked=asked, figures=figures)
