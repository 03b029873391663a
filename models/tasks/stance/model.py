"""From what readers say to stances: calibrated probabilities, abstention, and evidence."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from models.analysis import Passage, Score, StanceAnalysis
from models.article import MOST_AUTO, Kind, Options, Tier
from models.encoding.preparation import Prepared
from models.encoding.questions import Passages, Question
from models.encoding.tokens import ArticleEncoder, Encoded
from models.labels import UNRELATED, Label
from models.network.heads import HeadOutput
from models.network.network import Network
from models.network.reader import Reading
from models.network.states import EncodedArticles
from models.tasks.labelling import (
    MAX_EVIDENCE,
    are_scores,
    evidence,
    ranked,
    segment_sentences,
)
from models.tasks.limits import why_withheld
from models.tasks.model import TaskModel
from models.tasks.stance import calibration
from models.tasks.stance.head import StanceHead
from models.tasks.stance.section import StanceSection
from models.tasks.subject.head import SubjectHead
from models.tasks.subject.model import subjects

Stances = tuple[StanceAnalysis, ...]
Questions = tuple[tuple[str, Question], ...]

VERDICTS = {
    "favor": "the article bears it out",
    "against": "the article contradicts it",
    "neutral": "the article leaves it open",
    UNRELATED: "the article does not speak of it",
}
"""What stances toward a claim are in words."""
LEAST_EVIDENCE = 0.0
"""The logit from which a sentence is shown as evidence; the best one always is."""


class StanceModel(TaskModel[StanceSection, Stances]):
    """The stances of an article toward its targets, or toward its own subject without any."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> StanceSection:
        return StanceSection.from_json(section)

    @staticmethod
    def make_head(section: StanceSection, network: Network) -> StanceHead:
        return StanceHead(network.hidden, len(section.labels))

    def __init__(self, section: StanceSection, network: Network, encoder: ArticleEncoder) -> None:
        self._section, self._network, self._encoder = section, network, encoder
        self._head = cast(StanceHead, network.head("stance"))

    @property
    def labels(self) -> Mapping[str, Sequence[Label]]:
        labels, possible = self._section.labels, self._section.overall
        return {"stance": labels, "overall": [each for each in labels if each.name in possible]}

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Stances]:
        asked = {row: batch[row].questions for row in rows} | self._suggested(states, batch, rows)
        found = self._overall(states, batch, [row for row in rows if not asked[row]])
        found |= self._toward_targets(states, batch, {n: q for n, q in asked.items() if q})
        return {
            row: stances
            for row, stances in found.items()
            if all(math.isfinite(stance.confidence) for stance in stances)
        }

    def _overall(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Stances]:
        if not rows:
            return {}
        output = self._head.overall(*states.sentences)
        return {
            row: (self.overall(batch[row].encoded, output.row(row), batch[row].options.max_error),)
            for row in rows
        }

    def _suggested(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Questions]:
        """The questions about the targets that articles suggest, where that is asked for."""
        auto = {row: batch[row].encoded for row in rows if batch[row].options.is_auto}
        if not auto:
            return {}
        head = cast(SubjectHead, self._network.head("subject"))
        return {
            row: tuple(
                self._question(auto[row], t.target) for t in found.suggested_targets[:MOST_AUTO]
            )
            for row, found in subjects(head, states, auto).items()
        }

    def _question(self, encoded: Encoded, target: str) -> tuple[str, Question]:
        return target, Passages(encoded).question(self._encoder.target(target), target)

    def _toward_targets(
        self, states: EncodedArticles, batch: Sequence[Prepared], asked: Mapping[int, Questions]
    ) -> dict[int, Stances]:
        """The stances toward targets, in the order in which they were named."""
        found: dict[int, dict[str, StanceAnalysis]] = {row: {} for row in asked}
        for tier in Tier:
            mine = [row for row in asked if batch[row].reader is tier]
            rows = [(row, *each) for row in mine for each in asked[row]]
            if not rows:
                continue
            questions = [question for _, _, question in rows]
            readings = self._network.reader(tier).read(questions, states.budget_tokens)
            for (row, target, _), reading in zip(rows, readings.each(questions), strict=True):
                limit = batch[row].options.max_error
                found[row][target] = self.toward(batch[row].encoded, target, reading, tier, limit)
        return {
            row: tuple(found[row][target] for target in _named(batch[row].options, found[row]))
            for row in asked
        }

    def overall(
        self, encoded: Encoded, output: HeadOutput, max_error: float | None = None
    ) -> StanceAnalysis:
        """The stance toward the article's own subject, of those that are overall ones."""
        fitted = self._section.calibration
        possible = {
            n: v for n, v in self._logits(output.logits.tolist()) if n in self._section.overall
        }
        scores = ranked(calibration.overall(possible, fitted))
        number = self._section.names.index(scores[0].label)
        passages = evidence(encoded, segment_sentences(encoded), output.contributions, number)
        withheld = self._why_withheld(scores[0], "overall", max_error)
        return _stance(None, None, scores, withheld, passages)

    def toward(
        self,
        encoded: Encoded,
        target: str,
        reading: Reading,
        tier: Tier,
        max_error: float | None = None,
    ) -> StanceAnalysis:
        """The stance toward a target; an article that names it is not unrelated."""
        fitted, possible = self._section.calibration, dict(self._logits(reading.logits))
        if reading.question.named:
            possible.pop(UNRELATED, None)
        group = calibration.group_of(tier, reading.kind)
        scores = ranked(calibration.staged(possible, fitted, group))
        withheld = self._why_withheld(scores[0], group, max_error)
        return _stance(target, reading.kind, scores, withheld, shown(encoded, reading))

    def _why_withheld(self, best: Score, group: str, max_error: float | None) -> str | None:
        least = calibration.threshold(self._section.calibration, group)
        table = self._section.limits.get(group, ())
        return why_withheld(best.probability, least, table, max_error)

    def _logits(self, logits: Sequence[float]) -> Iterator[tuple[str, float]]:
        return zip(self._section.names, logits, strict=True)

    def flaw(self, result: Stances, options: Options) -> str | None:
        """One stance for each target; `unrelated` may be missing, where the target is named."""
        possible = set(self._section.names if options.targets else self._section.overall)
        asked = options.targets or (None,)
        named = tuple(stance.target for stance in result)
        right = (options.is_auto or named == asked) and all(
            are_scores(stance.scores, possible) or are_scores(stance.scores, possible - {UNRELATED})
            for stance in result
        )
        return None if right else "its stances are none of its labels"


def _named(options: Options, found: Mapping[str, StanceAnalysis]) -> Iterable[str]:
    """The targets as they were named, one as often as it was; else those that were suggested."""
    return found if options.is_auto else options.targets


def shown(encoded: Encoded, reading: Reading) -> tuple[Passage, ...]:
    """The sentences that show the stance best, the best first; the title is not quoted."""
    order = sorted(
        (-logit, place.sentence)
        for place, logit in zip(reading.question.places, reading.evidence, strict=False)
        if place.sentence is not None
    )
    likely = [sentence for logit, sentence in order if -logit >= LEAST_EVIDENCE]
    chosen = (likely or [sentence for _, sentence in order[:1]])[:MAX_EVIDENCE]
    spans = [encoded.sentences[number] for number in chosen]
    return tuple(Passage(s.start, s.end, encoded.text[s.start : s.end]) for s in spans)


def _stance(
    target: str | None,
    kind: Kind | None,
    scores: tuple[Score, ...],
    withheld: str | None,
    passages: tuple[Passage, ...],
) -> StanceAnalysis:
    label = None if withheld else scores[0].label
    return StanceAnalysis(
        target=target,
        kind=kind,
        label=label,
        verdict=VERDICTS.get(label) if label and kind is Kind.CLAIM else None,
        confidence=scores[0].probability,
        abstained=withheld is not None,
        scores=scores,
        evidence=passages,
        withheld=withheld,
    )
