"""How well a limit on errors is kept: on texts drawn alike, and on files that were left out.

A draw takes as many texts as there are, with replacement. So it is a sample of these texts, and
the true error of the threshold that it gives is known: that on all of them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from models import registry
from models.engine import Engine
from models.tasks.judged import Judged, interval, mean
from models.tasks.limits import MAX_ERRORS, Answer, Table, table, threshold
from models.tasks.predictions import answered, one_answer_of_each
from training.config import Config
from training.data.labelled import load
from training.data.roles import Role

DRAWS = 20


def measured(engine: Engine, config: Config, most: int, role: Role) -> dict[str, dict[str, Any]]:
    """For each group of answers, how its limits are kept on the texts of a role.

    They are those of the measured files that have `calibrate`. Raises DataError.
    """
    files = {
        s.name: load(s, role, engine.info.labels)[:most] for s in config.measured if s.calibrate
    }
    found: dict[str, dict[str, Any]] = {}
    for name in engine.info.tasks:
        task = registry.get(name)
        evaluation = task.load_evaluation()
        judged = {
            file: evaluation.judged(answered(engine, task, texts)) for file, texts in files.items()
        }
        for group, fit in evaluation.fits.items():
            floor = getattr(engine.sections[name].calibration, fit.threshold)
            of_files = {file: of[group] for file, of in judged.items() if of.get(group)}
            if of_files:
                answers = {file: one_answer_of_each(each) for file, each in of_files.items()}
                found[group] = {
                    "drawn": drawn(answers, floor),
                    "left_out": left_out(answers, floor),
                }
    return found


def drawn(files: Mapping[str, Sequence[Answer]], floor: float = 0.0) -> dict[str, Any]:
    """How many of 20 draws keep each limit, and the mean share answered and mean error of all.

    `errors` are the true errors, one of each draw that answers anything.
    """
    everything = list(chain.from_iterable(files.values()))
    draw = random.Random(0)  # noqa: S311 - sampling, not secrecy
    counted = [table(draw.choices(everything, k=len(everything)), floor) for _ in range(DRAWS)]
    found: dict[str, Any] = {"texts": len(everything)}
    for limit in MAX_ERRORS:
        kept = [within(everything, each, limit) for each in counted]
        errors = [each["error"] for each in kept if each["error"] is not None]
        found[f"{limit:.0%}"] = {
            "kept": sum(each["error"] is None or each["error"] <= limit for each in kept),
            "draws": DRAWS,
            "answered": mean(each["answered"] for each in kept),
            "errors": sorted(errors),
        }
    return found


def left_out(files: Mapping[str, Sequence[Answer]], floor: float = 0.0) -> dict[str, Any]:
    """The figures of each file under the table of all other files."""
    found = {}
    for name, answers in files.items():
        others = chain.from_iterable(each for file, each in files.items() if file != name)
        counted = table(others, floor)
        limits = {f"{limit:.0%}": within(answers, counted, limit) for limit in MAX_ERRORS}
        found[name] = {"texts": len(answers), **limits}
    return found


def max_error_figures(judged: Sequence[Judged], counted: Table) -> dict[str, Any]:
    """The share of some texts that is answered under each limit, and the error there.

    One answer of each text is taken, as in the table.
    """
    answers = one_answer_of_each(judged)
    figures = {f"{limit:.0%}": within(answers, counted, limit) for limit in MAX_ERRORS}
    return {"texts": len(answers), **figures}


def within(answers: Sequence[Answer], counted: Table, max_error: float) -> dict[str, Any]:
    """The share that is answered under a limit, and its error, None where nothing is."""
    least = threshold(counted, max_error)
    wrong = [float(is_wrong) for confidence, is_wrong in answers if confidence >= least]
    return {
        "answered": round(len(wrong) / len(answers), 4),
        "error": mean(wrong) if wrong else None,
        **({"error_95": interval(wrong)} if wrong else {}),
    }
