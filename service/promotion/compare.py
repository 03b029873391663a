"""Two models on the same held-out texts: whether the one is shown to be no worse than the other.

A figure passes where the lower end of the 95 % interval of its difference (`models.tasks.paired`)
is above minus the tolerance: a test of non-inferiority. All figures must pass, so more figures make
it harder to pass and never easier (an intersection-union test, Berger 1982).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from models import registry
from models.article import Tier
from models.tasks.evaluation import Answered
from models.tasks.judged import Judged
from models.tasks.paired import (
    Difference,
    f1_differences,
    least_texts,
    share_difference,
    texts_needed,
)
from models.tasks.predictions import answered
from service.archive.labelled import GOLD, LabelledText

if TYPE_CHECKING:
    from models.engine import ModelInfo
    from service.inference.model import Model

FAILED = (("", 1.0),)
"""The scores of an article on which a model fails. They are never right."""


class Verdict(StrEnum):
    """What a figure says of the candidate."""

    PASSES = "no worse"
    WORSE = "worse"
    TOO_FEW = "too few texts"
    UNSHOWN = "may be worse"


class Group(NamedTuple):
    """Answers that are measured together: of a task, and of one of its readers, to one label set.

    `labels` names the label set as an artifact does.
    """

    task: str
    labels: str
    reader: Tier | None

    @property
    def name(self) -> str:
        """As it is shown: `topic`, `stance full`, `stance overall`."""
        more = self.reader.value if self.reader else self.labels
        return self.task if more == self.task else f"{self.task} {more}"


class Question(NamedTuple):
    """What was asked of a text: the stance toward a target, or what has none."""

    text: str
    target: str | None


class Given(NamedTuple):
    """An answer beside its labels, and whether its label is shown rather than withheld."""

    judged: Judged
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model can do, and what it answers to labelled texts."""

    tasks: tuple[str, ...]
    readers: tuple[Tier, ...]
    labels: Mapping[str, Sequence[str]]
    groups: Mapping[Group, Mapping[Question, Given]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a group of answers, what it says, and about how many texts it needs."""

    group: Group
    name: str
    found: Difference
    verdict: Verdict
    needed: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The figures by which is decided, those of each label, and what cannot be compared.

    `missing` are tasks and readers that the candidate lacks, `unlabelled` tasks of both models that
    the data has no labels for. `notes` say what else is left out, and `by_label` decides nothing.
    """

    tolerance: float
    figures: tuple[Figure, ...]
    by_label: Mapping[str, Mapping[str, Difference]]
    missing: tuple[str, ...]
    unlabelled: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    def reasons(self, *, allow_missing: bool = False, skipped: Sequence[str] = ()) -> list[str]:
        """Why the candidate is not promoted; empty where it is."""
        found = [] if allow_missing else [f"it has no {name}" for name in self.missing]
        found += [
            f"{name} is not compared, for the data has no labels of it"
            for name in self.unlabelled
            if name not in skipped
        ]
        failed = [f for f in self.figures if f.verdict is not Verdict.PASSES]
        return found + [_reason(f) for f in failed if f.group.task not in skipped]


def answers_of(model: Model, texts: Sequence[LabelledText]) -> Answers:
    """The answers of a model to all that is asked of labelled texts."""
    info: ModelInfo = model.info
    groups: dict[Group, dict[Question, Given]] = {}
    for name in info.tasks:
        task = registry.get(name)
        if task.gold in GOLD:
            for each in answered(model, task, texts):
                for target, part in _parts(each):
                    group = _group(name, part, target)
                    groups.setdefault(group, {})[Question(each.text, target)] = _given(task, part)
    labels = {which: [label.name for label in each] for which, each in info.labels.items()}
    return Answers(tuple(info.tasks), tuple(info.readers), labels, groups)


def _parts(each: Answered) -> Iterator[tuple[str | None, Answered]]:
    """An answer in parts that have one label each, with the target of each."""
    if not isinstance(each.result, tuple):
        yield None, each
        return
    for part in each.result:
        yield part.target, replace(each, result=(part,))


def _group(task: str, part: Answered, target: str | None) -> Group:
    if isinstance(part.result, tuple) and target is None:
        return Group(task, "overall", None)
    return Group(task, task, part.options.reader)


def _given(task: registry.Task, part: Answered) -> Given:
    (judged,) = chain.from_iterable(task.load_evaluation().judged([part]).values())
    (result,) = part.result if isinstance(part.result, tuple) else (part.result,)
    return Given(judged, result.label is not None)


def compare(current: Answers, candidate: Answers, tolerance: float) -> Comparison:
    """The candidate beside the current model, on what both were asked.

    An article on which one of them fails counts as wrong for it. Labels that only one of them knows
    are left out, of the texts and of the answers, and `notes` say so.
    """
    figures: list[Figure] = []
    by_label: dict[str, dict[str, Difference]] = {}
    notes: dict[str, None] = {}
    for group in dict.fromkeys((*current.groups, *candidate.groups)):
        if not (_can(current, group) and _can(candidate, group)):
            continue
        common, apart = _labels(current, candidate, group.labels)
        if apart:
            notes[f"{group.labels}: not compared, for one model only knows it: {apart}"] = None
        pairs = list(_pairs(current.groups, candidate.groups, group, common))
        if pairs:
            found, by_label[group.name] = _figures(group, pairs)
            figures += [_figure(group, n, d, tolerance) for n, d in found.items()]
    both = [name for name in current.tasks if name in candidate.tasks]
    measured = {figure.group.task for figure in figures}
    asked = [name for name in both if registry.get(name).gold in GOLD]
    if others := [name for name in both if name not in asked]:
        notes[f"not compared, because the file has no labels of them: {', '.join(others)}"] = None
    return Comparison(
        tolerance,
        tuple(figures),
        by_label,
        tuple(_missing(current, candidate)),
        tuple(name for name in asked if name not in measured),
        tuple(notes),
    )


def _can(answers: Answers, group: Group) -> bool:
    return group.task in answers.tasks and (group.reader is None or group.reader in answers.readers)


def _missing(current: Answers, candidate: Answers) -> Iterator[str]:
    yield from (f"task {name}" for name in current.tasks if name not in candidate.tasks)
    yield from (f"reader {tier}" for tier in current.readers if tier not in candidate.readers)


def _labels(current: Answers, candidate: Answers, which: str) -> tuple[list[str], str]:
    """The labels that both models know, and those that only one does, as text."""
    one, other = (answers.labels.get(which, ()) for answers in (current, candidate))
    apart = sorted(set(one) ^ set(other))
    return [name for name in one if name in other], ", ".join(apart)


def _pairs(
    before: Mapping[Group, Mapping[Question, Given]],
    after: Mapping[Group, Mapping[Question, Given]],
    group: Group,
    common: Sequence[str],
) -> Iterator[tuple[Given, Given]]:
    """The answers of both models to each question whose main label both of them know."""
    one, other = before.get(group, {}), after.get(group, {})
    for question in dict.fromkeys((*one, *other)):
        there = one.get(question) or other[question]
        if there.judged.gold[0] in common:
            failed = Given(replace(there.judged, scores=FAILED), is_shown=False)
            first, second = one.get(question, failed), other.get(question, failed)
            yield _among(first, common), _among(second, common)


def _among(given: Given, common: Sequence[str]) -> Given:
    """The answer among some labels. A model that has failed has none of them and stays wrong."""
    judged = given.judged.among(common)
    gold = tuple(name for name in judged.gold if name in common)
    return given._replace(judged=replace(judged, gold=gold, scores=judged.scores or FAILED))


def _figures(
    group: Group, pairs: Sequence[tuple[Given, Given]]
) -> tuple[dict[str, Difference], dict[str, Difference]]:
    """The figures of a group that decide, and the F1 of each label.

    `right_and_shown` falls where a model withholds what it has right: without it, one that shows
    nothing at all would be as good.
    """
    before, after = zip(*pairs, strict=True)
    texts = [given.judged.text for given in before]
    macro, labels = f1_differences(_judged(before), _judged(after))
    found = {"macro_f1": macro}
    if group.labels == "topic":
        found["main_or_second"] = share_difference(_right(before), _right(after), texts)
    found["right_and_shown"] = share_difference(_shown(before), _shown(after), texts)
    return found, labels


def _judged(given: Iterable[Given]) -> list[Judged]:
    return [each.judged for each in given]


def _right(given: Iterable[Given]) -> list[float]:
    return [float(not each.judged.is_wrong) for each in given]


def _shown(given: Iterable[Given]) -> list[float]:
    return [float(each.is_shown and not each.judged.is_wrong) for each in given]


def _figure(group: Group, name: str, found: Difference, tolerance: float) -> Figure:
    needed = texts_needed(found, tolerance)
    return Figure(group, name, found, verdict(found, tolerance), needed)


def verdict(found: Difference, tolerance: float) -> Verdict:
    """What a difference says of the candidate.

    Fewer texts than `least_texts` say nothing, even where both models answer all of them alike.
    From there on, equal answers pass. Where the answers differ so often that two equal models would
    not pass either (half the interval is as wide as the tolerance), there are too few texts, unless
    the whole interval says that the candidate is worse.
    """
    if found.texts < least_texts(tolerance):
        return Verdict.TOO_FEW
    if found.low > -tolerance:
        return Verdict.PASSES
    if found.high < 0:
        return Verdict.WORSE
    return Verdict.TOO_FEW if found.half_width >= tolerance else Verdict.UNSHOWN


def _reason(figure: Figure) -> str:
    what = f"{figure.group.name} {figure.name}"
    if figure.verdict is Verdict.TOO_FEW:
        return f"{what}: too few texts ({figure.found.texts}; about {figure.needed} are needed)"
    return f"{what} {figure.verdict}: {interval(figure.found)}"


def interval(found: Difference) -> str:
    """A difference and its interval, as they are shown."""
    return f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]"
