"""How limits are kept is measured on draws of texts, and on files that were left out."""

from __future__ import annotations

import math
import random

from models.tasks.judged import Judged
from models.tasks.limits import MAX_ERRORS, Answer, table
from training.evaluation.limits import drawn, left_out, max_error_figures


def answers(texts: int, sureness: float = 3.0, seed: int = 1) -> list[Answer]:
    """Answers that are wrong as often as their confidence says."""
    draw = random.Random(seed)
    sure = [1 / (1 + math.exp(-draw.gauss(sureness, 2))) for _ in range(texts)]
    return [(confidence, draw.random() > confidence) for confidence in sure]


def test_at_least_nineteen_of_twenty_draws_keep_each_limit() -> None:
    found = drawn({"one": answers(600), "other": answers(400, seed=2)})
    assert found["texts"] == 1000
    for limit in MAX_ERRORS:
        of = found[f"{limit:.0%}"]
        assert of["draws"] == 20
        assert of["kept"] >= 19
        assert sum(error > limit for error in of["errors"]) == 20 - of["kept"]
    assert 0.8 < found["10%"]["answered"] < 1


def test_a_file_is_measured_under_the_table_of_the_others() -> None:
    files = {"alike": answers(500), "also": answers(500, seed=2), "none": [(0.99, True)] * 50}
    found = left_out(files)
    assert found["none"]["texts"] == 50
    assert (found["none"]["10%"]["answered"], found["none"]["10%"]["error"]) == (1, 1)
    assert found["alike"]["2%"] == {"answered": 0, "error": None}, "the others are too often wrong"


def test_the_figures_of_a_limit_are_of_one_answer_of_each_text() -> None:
    judged = [
        Judged((("yes", 0.95), ("no", 0.05)), (gold,), f"text {n}")
        for n in range(100)
        for gold in ("yes", "yes")
    ]
    unsure = [Judged((("no", 0.6), ("yes", 0.4)), ("yes",), "unsure")]
    found = max_error_figures([*judged, *unsure], table([(0.95, False)] * 100 + [(0.6, True)] * 50))
    assert found["texts"] == 101
    assert found["5%"] == {"answered": 0.9901, "error": 0.0, "error_95": (0.0, 0.0)}
    assert found["2%"] == {"answered": 0.0, "error": None}
