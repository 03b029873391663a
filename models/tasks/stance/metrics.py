"""How often stances are right, by what sort of thing the target is, and how good evidence is.

The gold of a text maps targets to what people say of them; the target None is its own subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.analysis import Span, StanceAnalysis
from models.article import Options
from models.labels import UNRELATED
from models.tasks.calibration import BIAS_START, TEMPERATURE_START, Fit
from models.tasks.evaluation import Answered, Evaluation, TargetGold, TargetKind
from models.tasks.judged import INTERVAL, Judged, f1_figures, label_figures, passing, share
from models.tasks.stance import calibration

MOST_TARGETS = 40
"""Targets of a text that are asked for, at most."""
TRUE, OPEN = "favor", "neutral"
"""The stance of a text that bears a claim out, and of one that takes no side."""
KINDS = {
    TargetKind.ENTITY: "names",
    TargetKind.ISSUE: "issues",
    TargetKind.CLAIM: "claims",
}
"""The group of figures of each kind of target."""
TRUE_PASSING = 0.85
"""The share of true claims under whose limit it is counted how many others pass."""
FIRST_EVIDENCE = 2


@dataclass(frozen=True, slots=True)
class _Pair:
    """A stance of a text beside what people say of it."""

    text: str
    stance: StanceAnalysis
    gold: TargetGold

    @property
    def judged(self) -> Judged:
        return Judged.of(self.stance.scores, (self.gold.stance,), self.text)


def asked(gold: Mapping[str | None, TargetGold]) -> Sequence[Options]:
    """The stances toward the targets that are named, and the one toward the own subject."""
    targets, tasks = tuple(target for target in gold if target), frozenset({"stance"})
    named = [Options(targets[:MOST_TARGETS], tasks)] if targets else []
    return [*named, *([Options(tasks=tasks)] if None in gold else [])]


def judged(answered: Sequence[Answered]) -> dict[str, list[Judged]]:
    """The stances beside their labels: toward targets, and toward own subjects (`overall`)."""
    found: dict[str, list[Judged]] = {}
    for pair in _pairs(answered):
        group = "stance" if pair.stance.target is not None else "overall"
        found.setdefault(group, []).append(pair.judged)
    return found


def _pairs(answered: Sequence[Answered]) -> Iterator[_Pair]:
    for each in answered:
        for stance in each.result:
            yield _Pair(each.text, stance, each.gold[stance.target])


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """Figures toward targets (`stance`) and own subjects (`overall`), and what the gold allows.

    Beside them macro-F1 of `names`, `issues` and `claims`; for claims how many that are not true
    pass (`false_passing`); the same for each group of pairs (`by_group`); and `evidence`.
    """
    pairs = [pair for pair in _pairs(answered) if pair.stance.target is not None]
    found = {group: label_figures(each) for group, each in judged(answered).items()}
    for kind, name in KINDS.items():
        of_kind = [pair.judged for pair in pairs if pair.gold.kind is kind]
        if of_kind:
            found[name] = f1_figures(of_kind)
    claims = [pair for pair in pairs if pair.gold.kind is TargetKind.CLAIM]
    if claims:
        found["claims"] |= _false_passing(claims, claims)
    found["by_group"] = _by_group(pairs, claims)
    found["evidence"] = _evidence(pairs)
    return {name: each for name, each in found.items() if each}


def _by_group(pairs: Sequence[_Pair], claims: Sequence[_Pair]) -> dict[str, Any]:
    """How often the stances of each group are right, and its claims pass that are not true."""
    groups: dict[str, list[_Pair]] = {}
    for pair in pairs:
        if pair.gold.group is not None:
            groups.setdefault(pair.gold.group, []).append(pair)
    return {name: _of_group(groups[name], claims) for name in sorted(groups)}


def _of_group(group: Sequence[_Pair], claims: Sequence[_Pair]) -> dict[str, Any]:
    right = [float(pair.judged.label == pair.gold.stance) for pair in group]
    return {
        "pairs": len(group),
        **share("accuracy", right, [pair.text for pair in group]),
        **_false_passing(claims, [pair for pair in group if pair.gold.kind is TargetKind.CLAIM]),
    }


def _false_passing(claims: Sequence[_Pair], some: Sequence[_Pair]) -> dict[str, Any]:
    """How many of some claims that are not true pass where 85 % of all true ones do."""
    true = [pair.judged for pair in claims if pair.gold.stance == TRUE]
    false = [pair.judged for pair in some if pair.gold.stance != TRUE]
    if not true or not false:
        return {}
    passed, limits = passing(true, false, TRUE, TRUE_PASSING)
    return {"false_passing": passed, f"false_passing{INTERVAL}": limits}


def _evidence(pairs: Sequence[_Pair]) -> dict[str, Any]:
    """How often one of the first two passages is marked, where the text takes a side."""
    sided = [p for p in pairs if p.gold.evidence and p.gold.stance not in (OPEN, UNRELATED)]
    if not sided:
        return {}
    hits = [float(_is_marked(p.stance.evidence[:FIRST_EVIDENCE], p.gold.evidence)) for p in sided]
    return {
        "targets": len(sided),
        **share("first_two_marked", hits, [pair.text for pair in sided]),
    }


def _is_marked(passages: Sequence[Span], marked: Sequence[Span]) -> bool:
    """Whether a passage shares a character with a marked span."""
    return any(p.start < m.end and m.start < p.end for p in passages for m in marked)


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
