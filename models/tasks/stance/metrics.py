"""How often stances are right, by what sort of thing the target is, and how good evidence is.

The gold of a text maps targets to what people say of them; the target None is its own subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from models.analysis import Span, StanceAnalysis
from models.article import Kind, Options, Tier
from models.labels import UNRELATED
from models.tasks.calibration import BIAS_START, TEMPERATURE_START, Fit
from models.tasks.evaluation import Answered, Evaluation, TargetGold
from models.tasks.judged import INTERVAL, Judged, f1_figures, label_figures, mean, passing, share
from models.tasks.stance import calibration

MOST_TARGETS = 40
"""Targets of a text that are asked for, at most."""
TRUE, OPEN = "favor", "neutral"
"""The stance of a text that bears a claim out, and of one that takes no side."""
KINDS = {
    Kind.ENTITY: "names",
    Kind.ISSUE: "issues",
    Kind.CLAIM: "claims",
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
    reader: Tier | None

    @property
    def judged(self) -> Judged:
        return Judged.of(self.stance.scores, (self.gold.stance,), self.text)


def asked(gold: Mapping[str | None, TargetGold]) -> Sequence[Options]:
    """The stances toward the targets that are named, by each reader, and the one toward the own
    subject. What is asked of a reader that a model lacks stays without an answer."""
    targets, tasks = tuple(target for target in gold if target), frozenset({"stance"})
    named = Options(targets[:MOST_TARGETS], tasks)
    return [
        *([replace(named, reader=tier) for tier in Tier] if targets else []),
        *([Options(tasks=tasks)] if None in gold else []),
    ]


def judged(answered: Sequence[Answered]) -> dict[str, list[Judged]]:
    """The stances beside their labels: of each reader toward targets that are claims and such that
    are not, and toward own subjects (`overall`)."""
    found: dict[str, list[Judged]] = {}
    for pair in _pairs(answered):
        found.setdefault(_group(pair), []).append(pair.judged)
    return found


def _group(pair: _Pair) -> str:
    if pair.reader is None or pair.stance.kind is None:
        return "overall"
    return calibration.group_of(pair.reader, pair.stance.kind)


def _pairs(answered: Sequence[Answered]) -> Iterator[_Pair]:
    for each in answered:
        for stance in each.result:
            reader = each.options.reader
            yield _Pair(each.text, stance, each.gold[stance.target], reader)


def figures(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    """Figures toward own subjects (`overall`), and those of each reader behind its name."""
    pairs = list(_pairs(answered))
    own = [pair.judged for pair in pairs if pair.reader is None]
    found = {"overall": label_figures(own)} if own else {}
    for tier in Tier:
        mine = [pair for pair in pairs if pair.reader is tier]
        found |= {f"{tier.value} {name}": each for name, each in _of_reader(mine).items()}
    return found


def _of_reader(pairs: Sequence[_Pair]) -> dict[str, dict[str, Any]]:
    """Figures toward targets (`stance`), and what the gold allows.

    Beside them macro-F1 of `names`, `issues` and `claims`; for claims how many that are not true
    pass (`false_passing`); the same for each group of pairs (`by_group`); how often the `kind` of
    the target is told; and `evidence`.
    """
    if not pairs:
        return {}
    found = {"stance": label_figures([pair.judged for pair in pairs])}
    for kind, name in KINDS.items():
        of_kind = [pair.judged for pair in pairs if pair.gold.kind is kind]
        if of_kind:
            found[name] = f1_figures(of_kind)
    claims = [pair for pair in pairs if pair.gold.kind is Kind.CLAIM]
    if claims:
        found["claims"] |= _false_passing(claims, claims)
    told = [float(p.stance.kind is p.gold.kind) for p in pairs if p.gold.kind is not None]
    found["kind"] = {"pairs": len(told), "told": mean(told)} if told else {}
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
        **_false_passing(claims, [pair for pair in group if pair.gold.kind is Kind.CLAIM]),
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


def _fit(group: str) -> Fit:
    """What is calibrated of a reader's stances toward targets that are claims, or are not."""
    unrelated = {f"{group}_unrelated_temperature": UNRELATED, f"{group}_unrelated_bias": UNRELATED}
    return Fit(
        numbers={
            f"{group}_temperature": TEMPERATURE_START,
            f"{group}_unrelated_temperature": TEMPERATURE_START,
            f"{group}_unrelated_bias": BIAS_START,
        },
        scale=partial(calibration.staged, group=group),
        threshold=f"{group}_threshold",
        of_label=unrelated,
    )


GROUPS = {calibration.group_of(tier, kind) for tier in Tier for kind in Kind}

EVALUATION = Evaluation(
    asked=asked,
    figures=figures,
    judged=judged,
    fits={
        **{group: _fit(group) for group in sorted(GROUPS)},
        "overall": Fit(
            numbers={"overall_temperature": TEMPERATURE_START},
            scale=calibration.overall,
            threshold="overall_threshold",
        ),
    },
)
