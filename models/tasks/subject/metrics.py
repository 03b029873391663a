"""How often subjects are those that people named, and suggested targets those that they chose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from models.article import Options
from models.tasks.evaluation import Answered, Evaluation, SubjectGold
from models.tasks.judged import share
from models.tasks.subject.candidates import key_of
from models.text.english import ENGLISH

FIRST = 3
SAME = 0.6
"""Two names are of one thing where their words are this much alike (F1)."""


def asked(_: SubjectGold) -> Sequence[Options]:
    """The subject."""
    return [Options(tasks=frozenset({"subject"}))]


def alike(one: str, other: str) -> float:
    """The F1 of the words of two names, 0 to 1."""
    left, right = (Counter(key_of(each, ENGLISH).split()) for each in (one, other))
    common = (left & right).total()
    return 2 * common / (left.total() + right.total()) if common else 0.0


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """How often the subject is the one that people named, word for word or nearly, and how often
    one of the first suggested targets is one of theirs."""
    pairs = [(each.result.about or "", each.gold.subject) for each in answered]
    hits = [_is_hit(each) for each in answered if each.gold.targets]
    told = {
        "texts": len(answered),
        **share("exact", [float(alike(*pair) == 1) for pair in pairs]),
        **share("near", [float(alike(*pair) >= SAME) for pair in pairs]),
        **share("word_f1", [alike(*pair) for pair in pairs]),
    }
    return {"subject": told | (share(f"target_in_first_{FIRST}", hits) if hits else {})}


def _is_hit(answered: Answered) -> float:
    first = [each.target for each in answered.result.suggested_targets[:FIRST]]
    wanted = answered.gold.targets
    return float(any(alike(one, other) >= SAME for one in first for other in wanted))


EVALUATION = Evaluation(asked=asked, figures=figures)
