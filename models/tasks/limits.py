"""How sure an answer must be so that at most a wanted share of the answers is wrong.

The error of a limit is that of selective classification (Geifman and El-Yaniv 2017, 1705.08500):
the share of wrong answers among those that are given. The method is learn-then-test with
fixed-sequence testing (Angelopoulos et al. 2021, 2110.01052). A table counts, on texts with known
answers, how many answers are at least as sure as each of some fixed steps, and how many of them are
wrong. The steps are tried from the surest on, each by the exact binomial test of the hypothesis
that the error is above the limit. The threshold is the last step before the first that fails.

What holds: whoever fits tables on texts drawn at random gets, in 95 of 100 tables at least
(1 - `DELTA`), a threshold with an error at or under the limit on further texts drawn alike. It
holds for each group of answers and each limit by itself, and for an answer drawn from each text:
the answers about one text are alike, so a table counts one of them. Nothing is said of texts from
elsewhere.

The steps are fixed before any text is seen, and the temperatures and the floor of a table are
fitted on other texts. One thing is assumed: where the error is above the limit at a step, it is
above it at all laxer ones. It is needed only where that step has too few answers to be tried at.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

from models.article import HIGHEST_ERROR

DELTA = 0.05
"""How often a table may give too lax a threshold, as a share of all tables."""
MAX_ERRORS = (0.02, 0.05, 0.1)
"""The limits under which figures are told."""
STEPS = tuple(round(1 / (1 + math.exp(-odds / 5)), 5) for odds in range(45, -11, -1))
"""The steps: confidences that lie a fifth apart in log-odds, the surest first."""
ENOUGH = 3
"""A step is tried with so many times the answers that pass if all are right. With fewer, one wrong
answer among the surest would end the search."""
ROUNDING = 1 + 1e-9
UNSURE = "the model is too unsure"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """A confidence, 0 to 1, the number of answers at or above it, and of wrong ones among them."""

    least: float
    answered: int
    wrong: int

    def __post_init__(self) -> None:
        counts = (self.answered, self.wrong)
        if not all(type(count) is int for count in counts) or not 0 <= self.least <= 1:
            raise ValueError("a step has a confidence between 0 and 1, and counts")
        if not 0 <= self.wrong <= self.answered or not self.answered:
            raise ValueError("a step has answers, and no more wrong ones than that")


Answer = tuple[float, bool]
"""The confidence of an answer, and whether it is wrong."""
Table = tuple[Step, ...]
"""Steps from the surest on, each with more answers than the one before."""
Tables = Mapping[str, Table]
"""The table of each group of answers that is calibrated together, by the group's name."""


def table(answers: Iterable[Answer], floor: float = 0.0) -> Table:
    """Counts answers, one of each text (`one_of_each`). Below the floor none is ever given."""
    known, steps = list(answers), {}
    for least in (*(step for step in STEPS if step > floor), floor):
        given = [is_wrong for confidence, is_wrong in known if confidence >= least]
        if given:
            steps[len(given)] = Step(least, len(given), sum(given))
    return tuple(steps.values())


def one_of_each(answers: Iterable[tuple[str, T]]) -> list[T]:
    """One answer of each text, drawn by the text; each answer stands behind its text."""
    of_text: dict[str, list[T]] = {}
    for text, answer in answers:
        of_text.setdefault(text, []).append(answer)
    return [_draw(text).choice(each) for text, each in of_text.items()]


def _draw(text: str) -> random.Random:
    return random.Random(text.encode("utf-8", "replace"))  # noqa: S311 - sampling, not secrecy


@lru_cache(maxsize=1024)
def threshold(table: Table, max_error: float) -> float:
    """The least confidence of answers that keeps the error at or under a limit, both 0 to 1.

    Infinite where none is known to. Never rises with the limit: a step with too few answers for
    the limit is tried at the least one for which it has enough, and is not taken. With too few for
    any limit it is passed over.
    """
    found = math.inf
    for step in table:
        lowest = _lowest_tried(step, table[-1].answered)
        if lowest > HIGHEST_ERROR:
            continue
        if p_value(step, max(max_error, lowest)) > DELTA * ROUNDING:
            break
        if lowest <= max_error:
            found = step.least
    return found


def _lowest_tried(step: Step, answers: int) -> float:
    """The least limit for which a step of a table has enough answers.

    From half of the table's answers on, that is each limit that it can pass.
    """
    times = 1 if 2 * step.answered >= answers else ENOUGH
    return float(1 - DELTA ** (times / step.answered))


def p_value(step: Step, error: float) -> float:
    """How likely so few wrong answers are where the error is as given: a binomial tail."""
    answered = step.answered
    whole = math.lgamma(answered + 1)
    wrong_log, right_log = math.log(error), math.log1p(-error)
    return math.fsum(
        math.exp(
            whole
            - math.lgamma(wrong + 1)
            - math.lgamma(answered - wrong + 1)
            + wrong * wrong_log
            + (answered - wrong) * right_log
        )
        for wrong in range(step.wrong + 1)
    )


def texts_needed(max_error: float) -> int:
    """How many texts a table needs at least so that anything is answered under a limit."""
    return math.ceil(math.log(DELTA) / math.log1p(-max_error))


def smallest_limit(table: Table) -> float | None:
    """The smallest limit, in tenths of a percent, under which a table has anything answered."""
    limits = (thousandths / 1000 for thousandths in range(1, 500))
    return next((limit for limit in limits if threshold(table, limit) < math.inf), None)


def why_withheld(
    confidence: float, least: float, table: Table, max_error: float | None
) -> str | None:
    """Why an answer is not given, None where it is.

    `least` is the confidence below which none is; `table` is that of its group, empty without one.
    """
    if confidence < least:
        return UNSURE
    if max_error is None:
        return None
    limit = threshold(table, max_error)
    if confidence >= limit:
        return None
    wanted = f"max_error of {100 * max_error:g} %"
    if limit == math.inf:
        return f"no answer of this kind is known to keep the {wanted}"
    return f"answers as unsure as this one may exceed the {wanted}"


def read_tables(data: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Table]:
    """Tables from JSON. Raises AttributeError, TypeError or ValueError."""
    tables = {name: tuple(Step(**step) for step in steps) for name, steps in data.items()}
    for steps in tables.values():
        if any(a.least <= b.least or a.answered >= b.answered for a, b in pairwise(steps)):
            raise ValueError("the steps of a table go from the surest on")
    return tables
