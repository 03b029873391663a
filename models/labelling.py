"""From logits to answers: calibrated probabilities, abstention, evidence sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
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
        scores = _scores(self._labels.topic_names, read.logits, fitted.topic_temperature)
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
        overall = target is None
        possible = set(self._labels.overall if overall else names)
        if target is not None and passages.names(encoded, target):
            possible.discard(UNRELATED)
        temperature = fitted.overall_temperature if overall else fitted.stance_temperature
        threshold = fitted.overall_threshold if overall else fitted.stance_threshold
        numbers = [n for n, name in enumerate(names) if name in possible]
        bias = {UNRELATED: fitted.unrelated_bias}
        scores = _scores([names[n] for n in numbers], read.logits[numbers], temperature, bias)
        best, abstained = scores[0], scores[0].probability < threshold
        return StanceAnalysis(
            target=target,
            label=None if abstained else best.label,
            confidence=best.probability,
            abstained=abstained,
            scores=scores,
            evidence=_evidence(encoded, read.contributions, names.index(best.label)),
        )


def _scores(
    names: Sequence[str],
    logits: Tensor,
    temperature: float,
    bias: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Score, ...]:
    """Labels with their probabilities, likeliest first; equals in the schema's order."""
    added = logits.new_tensor([bias.get(name, 0.0) for name in names], dtype=torch.float32)
    probabilities = (logits.float() / temperature + added).softmax(-1).tolist()
    scores = [Score(name, p) for name, p in zip(names, probabilities, strict=True)]
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
