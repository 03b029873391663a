"""Whether answers move with a name that should not matter: of a party, a nation, a religion, of a
woman or a man.

Each text of the project's own set is filled with every name of its own, and the answers are
compared: counterfactual fairness as Garg et al. (2019, 1809.10610) and Prabhakaran et al. (2019,
D19-1578) measure it.
"""

from __future__ import annotations

import itertools
import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.analysis import Analysis, Summary
from models.article import Article, Options
from models.encoding.preparation import Prepared
from models.engine import Engine
from models.tasks.judged import share
from models.tasks.predictions import outcomes
from training.evaluation.named import NamedText, read_names

SIDES = ("favor", "against")


@dataclass(frozen=True, slots=True)
class Answer:
    """`label` is what should not move (None: withheld), `scores` the probability of each label."""

    label: Hashable
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Swap:
    """Two names in one text, and the answers to one question with the first and with the second.

    `aspect` is what was asked: topic, summary, or the stance of one reader toward `target`.
    """

    text: NamedText
    aspect: str
    target: str | None
    names: tuple[str, str]
    answers: tuple[Answer, Answer]

    @property
    def moved(self) -> bool:
        first, second = self.answers
        return first.label != second.label

    @property
    def pair(self) -> str:
        return " / ".join(self.names)

    def shift(self, side: str) -> float:
        """How much likelier a label is with the first name than with the second."""
        first, second = (answer.scores[side] for answer in self.answers)
        return first - second


def swaps(engine: Engine, texts: Sequence[NamedText]) -> list[Swap]:
    """What an engine answers for each text with each two of its names.

    Raises an ArticleError or an AnalysisError where it has no answer.
    """
    names = read_names()
    asked = [
        (text, name, article)
        for text in texts
        for name in text.names
        for article in _asked(engine, text.filled(names[text.group][name]))
    ]
    answers: dict[tuple[str, str], dict[tuple[str, int], Answer]] = defaultdict(dict)
    found = outcomes(engine, (article for _, _, article in asked))
    for (text, name, _), (prepared, outcome) in zip(asked, found, strict=True):
        if not isinstance(outcome, Analysis):
            raise outcome
        if prepared is not None:
            answers[text.id, name] |= _answers(prepared, outcome)
    return [
        Swap(text, aspect, text.targets[place] if "stance" in aspect else None, (a, b), both)
        for text in texts
        for a, b in itertools.combinations(text.names, 2)
        for (aspect, place), first in answers[text.id, a].items()
        for both in [(first, answers[text.id, b][aspect, place])]
    ]


def _asked(engine: Engine, text: NamedText) -> Iterator[Article]:
    """What is asked of a text: topic, of articles the summary, and the stances of each reader."""
    wanted = {"topic", "summary"} if text.is_article else {"topic"}
    has = frozenset(engine.info.tasks)
    if wanted & has:
        yield Article(text.text, text.title, options=Options(tasks=has & wanted))
    for reader in engine.info.readers if "stance" in has else ():
        options = Options(targets=text.targets, tasks=frozenset({"stance"}), reader=reader)
        yield Article(text.text, text.title, options=options)


def _answers(prepared: Prepared, analysis: Analysis) -> dict[tuple[str, int], Answer]:
    """The answers to what was asked, by aspect and by place among the targets."""
    found: dict[tuple[str, int], Answer] = {}
    for place, stance in enumerate(analysis.stance or ()):
        scores = dict.fromkeys(SIDES, 0.0) | {s.label: s.probability for s in stance.scores}
        found[f"{analysis.reader} stance", place] = Answer(stance.label, scores)
    if analysis.topic is not None:
        found["topic", 0] = Answer(analysis.topic.label)
    if analysis.summary is not None:
        found["summary", 0] = Answer(_taken(prepared, analysis.summary))
    return found


def _taken(prepared: Prepared, summary: Summary) -> tuple[int, ...]:
    """The numbers of the article's sentences that a summary takes, in its order."""
    starts = [span.start for span in prepared.encoded.sentences]
    return tuple(bisect_right(starts, sentence.source.start) for sentence in summary.sentences)


def figures(found: Sequence[Swap]) -> dict[str, Any]:
    """How much moves in all, in sentences and articles, in each group and between each two names.
    See `_moving`."""
    return {
        "all": _moving(found),
        "forms": _by(found, lambda swap: "articles" if swap.text.is_article else "sentences"),
        "groups": _by(found, lambda swap: swap.text.group),
        "pairs": _by(found, lambda swap: swap.pair),
    }


def _by(found: Sequence[Swap], part: Callable[[Swap], str]) -> dict[str, dict[str, Any]]:
    parts: dict[str, list[Swap]] = defaultdict(list)
    for swap in found:
        parts[part(swap)].append(swap)
    return {name: _moving(each) for name, each in parts.items()}


def _moving(found: Sequence[Swap]) -> dict[str, Any]:
    """For each aspect the share of swaps that move the answer, with its 95 % interval, and of
    stances the largest shift. A question counts once, however many names its text has."""
    aspects: dict[str, list[Swap]] = defaultdict(list)
    for swap in found:
        aspects[swap.aspect].append(swap)
    moving: dict[str, Any] = {"texts": len({swap.text.id for swap in found})}
    for aspect, each in aspects.items():
        moving |= share(aspect, *_by_question(each))
        if "stance" in aspect:
            moving[f"{aspect} shift"] = _largest_shift(each)
    return moving


def _by_question(found: Sequence[Swap]) -> tuple[list[float], list[str]]:
    """The share of swaps that move the answer to each question, and its text."""
    questions: dict[tuple[str, str | None], list[bool]] = defaultdict(list)
    for swap in found:
        questions[swap.text.id, swap.target].append(swap.moved)
    return [statistics.fmean(moves) for moves in questions.values()], [id for id, _ in questions]


def _largest_shift(found: Sequence[Swap]) -> dict[str, Any]:
    """The name with which a side is most likelier, or less likely, than with the others in the same
    texts, and by how much in the mean (points of probability, 0 to 1)."""
    shifts: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for swap, side in itertools.product(found, SIDES):
        first, second = swap.names
        shifts[first, side].append((swap.shift(side), swap.text.id))
        shifts[second, side].append((-swap.shift(side), swap.text.id))
    (name, side), largest = max(
        shifts.items(), key=lambda item: abs(statistics.fmean(value for value, _ in item[1]))
    )
    values, texts = zip(*largest, strict=True)
    return {"name": name, "side": side, **share("mean", values, texts)}


def moved(found: Sequence[Swap]) -> Iterator[dict[str, Any]]:
    """What moves, for whoever looks for the reason: a record for each question and two names."""
    for swap in found:
        if swap.moved:
            first, second = (answer.label for answer in swap.answers)
            yield {
                "id": swap.text.id,
                "aspect": swap.aspect,
                "target": swap.target,
                "names": swap.names,
                "answers": [first, second],
            }
