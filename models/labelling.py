"""From logits to answers: calibrated probabilities, abstention, evidence sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping

from torch import Tensor

from models import passages
from models.analysis import Passage, Score, StanceAnalysis, TopicAnalysis
from models.artifact import Calibration
from models.encoding import Encoded
from models.labels import UNRELATED, LabelSchema
from models.network import Read

MAX_EVIDENCE = 3
MIN_EVIDENCE_SHARE = 0.25
"""A sentence is shown as evidence where it speaks for the label at least this much as the best."""


class Labeller:
    """Reads labels off logits, as an artifact's schema and calibration say."""

    def __init__(self, labels: LabelSchema, calibration: Calibration) -> None:
        self._labels, self._calibration = labels, calibration
        self._codes = {label.name: label.code for label in labels.topic}

    def topic(self, encoded: Encoded, read: Read) -> TopicAnalysis:
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
            evidence=_evidence(encoded, read.contributions, number),
        )

    def stance(self, encoded: Encoded, target: str | None, read: Read) -> StanceAnalysis:
        """The stance toward a target, of those that are possible.

        Without a target these are the overall ones; an article that names it is not unrelated.
        """
        fitted, names = self._calibration, self._labels.stance_names
        logits = dict(zip(names, read.logits.tolist(), strict=True))
        if target is None:
            possible = {name: logits[name] for name in names if name in self._labels.overall}
            scores = _scores(tempered(possible, fitted.overall_temperature))
            threshold = fitted.overall_threshold
        else:
            if passages.names(encoded, target):
                logits.pop(UNRELATED, None)
            scores = _scores(staged(logits, fitted))
            threshold = fitted.stance_threshold
        best, abstained = scores[0], scores[0].probability < threshold
        return StanceAnalysis(
            target=target,
            label=None if abstained else best.label,
            confidence=best.probability,
            abstained=abstained,
            scores=scores,
            evidence=_evidence(encoded, read.contributions, names.index(best.label)),
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


def _evidence(encoded: Encoded, contributions: Tensor, label: int) -> tuple[Passage, ...]:
    """The sentences that speak most for a label rather than the others, in the article's order."""
    titles = int(encoded.title is not None)
    shares = contributions[titles : titles + len(encoded.sentences)].float()
    favor = (shares[:, label] - shares.mean(-1)).tolist()
    order = sorted(range(len(favor)), key=lambda index: (-favor[index], index))
    best = max(favor[order[0]], 0.0)
    chosen = [i for i in order[:MAX_EVIDENCE] if favor[i] > MIN_EVIDENCE_SHARE * best]
    spans = [encoded.sentences[index] for index in sorted(chosen)]
    return tuple(Passage(s.start, s.end, encoded.text[s.start : s.end]) for s in spans)
