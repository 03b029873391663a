"""From logits to answers: calibrated probabilities, abstention, evidence sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from torch import Tensor

from models.analysis import Passage, Score, StanceAnalysis, TopicAnalysis
from models.encoding.stance_inputs import StanceInput
from models.encoding.tokens import Encoded
from models.labels import UNRELATED, LabelSchema
from models.network.network import HeadOutput
from models.tasks.calibration import Calibration

MAX_EVIDENCE = 3
MIN_EVIDENCE_SHARE = 0.25
"""A sentence is shown as evidence where it speaks for the label at least this much as the best."""


class Labeller:
    """Reads labels off logits, as an artifact's schema and calibration say."""

    def __init__(self, labels: LabelSchema, calibration: Calibration) -> None:
        self._labels, self._calibration = labels, calibration
        self._codes = {label.name: label.code for label in labels.topic}

    def topic(self, encoded: Encoded, read: HeadOutput) -> TopicAnalysis:
        fitted = self._calibration
        logits = dict(zip(self._labels.topic_names, read.logits.tolist(), strict=True))
        scores = _scores(tempered(logits, fitted.topic_temperature))
        best, abstained = scores[0], scores[0].probability < fitted.topic_threshold
        number = self._labels.topic_names.index(best.label)
        return TopicAnalysis(
            label=None if abstained else best.label,
            code=None if abstained else self._codes[best.label],
            confidence=best.probability,
            abstained=abstained,
            scores=scores,
            evidence=_evidence(encoded, _sentences(encoded), read.contributions, number),
        )

    def overall(self, encoded: Encoded, read: HeadOutput) -> StanceAnalysis:
        """The stance toward the article's own subject, of those that are overall ones."""
        fitted = self._calibration
        possible = {n: logit for n, logit in self._stances(read) if n in self._labels.overall}
        scores = _scores(tempered(possible, fitted.overall_temperature))
        sentences = _sentences(encoded)
        return self._stance(None, scores, fitted.overall_threshold, encoded, sentences, read)

    def stance(
        self, encoded: Encoded, target: str, question: StanceInput, read: HeadOutput
    ) -> StanceAnalysis:
        """The stance toward a target; an article that names it is not unrelated."""
        fitted, logits = self._calibration, dict(self._stances(read))
        if question.named:
            logits.pop(UNRELATED, None)
        sentences = [place.sentence for place in question.places]
        scores = _scores(staged(logits, fitted))
        return self._stance(target, scores, fitted.stance_threshold, encoded, sentences, read)

    def _stances(self, read: HeadOutput) -> Iterator[tuple[str, float]]:
        return zip(self._labels.stance_names, read.logits.tolist(), strict=True)

    def _stance(
        self,
        target: str | None,
        scores: tuple[Score, ...],
        threshold: float,
        encoded: Encoded,
        sentences: Sequence[int | None],
        read: HeadOutput,
    ) -> StanceAnalysis:
        best, abstained = scores[0], scores[0].probability < threshold
        number = self._labels.stance_names.index(best.label)
        return StanceAnalysis(
            target=target,
            label=None if abstained else best.label,
            confidence=best.probability,
            abstained=abstained,
            scores=scores,
            evidence=_evidence(encoded, sentences, read.contributions, number),
        )


def tempered(logits: Mapping[str, float], temperature: float) -> dict[str, float]:
    """Probabilities of logits that are divided by a temperature."""
    top = max(logits.values())
    powers = {name: math.exp((logit - top) / temperature) for name, logit in logits.items()}
    total = math.fsum(powers.values())
    return {name: power / total for name, power in powers.items()}


def staged(logits: Mapping[str, float], fitted: Calibration) -> dict[str, float]:
    """Probabilities of stances: that the article is unrelated, and of the others if it is not.

    How sure the one is says little of how sure the other is, so each has its temperature.
    """
    related = {name: logit for name, logit in logits.items() if name != UNRELATED}
    if not related or UNRELATED not in logits:
        return tempered(logits, fitted.stance_temperature)
    top = max(related.values())
    reach = top + math.log(math.fsum(math.exp(logit - top) for logit in related.values()))
    odds = (logits[UNRELATED] - reach) / fitted.unrelated_temperature + fitted.unrelated_bias
    apart = tempered({UNRELATED: odds, "": 0.0}, 1.0)
    stances = tempered(related, fitted.stance_temperature)
    return {name: apart[""] * stances[name] if name in stances else apart[name] for name in logits}


def _scores(probabilities: Mapping[str, float]) -> tuple[Score, ...]:
    """Labels with their probabilities, likeliest first; equals in the schema's order."""
    scores = [Score(name, probability) for name, probability in probabilities.items()]
    return tuple(sorted(scores, key=lambda score: -score.probability))


def _sentences(encoded: Encoded) -> list[int | None]:
    """The article's segments as sentence numbers; the title has none."""
    return [None] * (encoded.title is not None) + list(range(len(encoded.sentences)))


def _evidence(
    encoded: Encoded, sentences: Sequence[int | None], contributions: Tensor, label: int
) -> tuple[Passage, ...]:
    """The sentences that speak most for a label rather than the others, in the article's order.

    `contributions` (S, labels) are those of the given sentences, padding behind them.
    """
    shares = contributions[: len(sentences)].float()
    favor = (shares[:, label] - shares.mean(-1)).tolist()
    spoken = {n: share for n, share in zip(sentences, favor, strict=True) if n is not None}
    order = sorted(spoken, key=lambda n: (-spoken[n], n))[:MAX_EVIDENCE]
    least = MIN_EVIDENCE_SHARE * max(spoken[order[0]], 0.0)
    spans = [encoded.sentences[n] for n in sorted(order) if spoken[n] > least]
    return tuple(Passage(s.start, s.end, encoded.text[s.start : s.end]) for s in spans)
