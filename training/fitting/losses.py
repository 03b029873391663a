"""The joint loss of a stage: one pass, and the loss of every head that has labels in the batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.article import Tier
from models.network.heads import PooledHead
from models.network.network import Network
from models.network.reader import KINDS, Readings
from models.network.states import EncodedArticles
from models.tasks.stance.head import StanceHead
from models.tasks.subject.head import SCORES as NAMED
from models.tasks.subject.head import SubjectHead, naming, scored
from models.tasks.summary.head import (
    SCORES,
    SpanTokens,
    SummaryHead,
    deletable,
    sentence_scores,
    well_formed,
)
from training.config import Losses
from training.data.examples import Asked, Example

SMOOTHING = 0.05
FULL_WEIGHT_ITEMS = 4
"""A head with fewer labels in a batch counts for less: one noisy label must not steer it."""
TEACHER_TEMPERATURE = 2.0
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples with the questions drawn for them this time.

    `taught` (P, labels) are the logits that the large reader gives the questions, where it teaches.
    """

    examples: Sequence[Example]
    questions: Sequence[Sequence[Asked]]
    taught: Tensor | None = None


@dataclass(frozen=True, slots=True)
class HeadLoss:
    """A head's mean loss over the batch and the number of labels it is the mean of."""

    mean: Tensor
    items: int


class JointModel(nn.Module):
    """What a stage trains, with its losses, as one module, which `accelerate` can wrap.

    `reader` None trains the encoder and the heads; else that reader alone is trained. Rows of
    similar length are read together, `group_tokens` padded tokens at a time.
    """

    def __init__(
        self, network: Network, reader: Tier | None, weights: Losses, group_tokens: int
    ) -> None:
        super().__init__()
        self.network = network
        self._reader = reader
        self._group_tokens = group_tokens
        self._weights = weights.model_dump()

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, HeadLoss]]:
        """The weighted sum of the heads' losses, and each head's own."""
        found = dict(self._read(batch) if self._reader else self._encoded(batch.examples))
        # What no head learns from costs nothing.
        total = next(p for p in self.network.parameters() if p.requires_grad).sum() * 0.0
        for name, head in found.items():
            total = total + self._weights[name] * min(1, head.items / FULL_WEIGHT_ITEMS) * head.mean
        return total, found

    def _read(self, batch: Batch) -> Iterator[tuple[str, HeadLoss]]:
        asked = [each for drawn in batch.questions for each in drawn]
        news = [example.news for example in batch.examples if example.news]
        if self._reader is None:
            return
        reader = self.network.reader(self._reader)
        if news:
            told = reader.read([each.question for each in news], self._group_tokens).news
            yield "news", _picked(told, [each.told for each in news])
        if not asked:
            return
        readings = reader.read([a.question for a in asked], self._group_tokens)
        yield "stance", _stance(readings.logits, asked)
        known = [row for row, each in enumerate(asked) if each.question.kind is not None]
        if known:
            target = [KINDS.index(asked[row].question.kind) for row in known]
            kinds = readings.kinds[known]
            loss = functional.cross_entropy(kinds, torch.tensor(target, device=kinds.device))
            yield "kind", HeadLoss(loss, len(known))
        if batch.taught is not None:
            yield "taught", _taught(readings.logits, batch.taught)
        marked = [row for row, each in enumerate(asked) if each.evidence is not None]
        if marked:
            yield "evidence", _evidence(readings, asked, marked)

    def _encoded(self, examples: Sequence[Example]) -> Iterator[tuple[str, HeadLoss]]:
        whole = [example for example in examples if example.whole]
        if whole:
            states = EncodedArticles(self.network, [e.encoded for e in whole], self._group_tokens)
            yield from self._labels(states, whole)
            yield from self._summaries(states, whole)
            yield from self._subjects(states, whole)
        forms = [form for example in examples for form in example.forms]
        if forms:
            head = cast(SummaryHead, self.network.head("summary"))
            sentences = [ids for ids, _ in forms]
            logits = well_formed(head, self.network, sentences, self._group_tokens)
            yield "form", _yes_or_no(logits, [good for _, good in forms])

    def _labels(
        self, states: EncodedArticles, examples: Sequence[Example]
    ) -> Iterator[tuple[str, HeadLoss]]:
        rows = [row for row, example in enumerate(examples) if example.topics]
        if rows:
            logits = cast(PooledHead, self.network.head("topic"))(*states.sentences).logits[rows]
            target = torch.zeros(logits.shape)
            for index, row in enumerate(rows):
                for topic, weight in examples[row].topics:
                    target[index, topic] = weight
            target = target.to(logits.device)
            loss = functional.cross_entropy(logits, target, label_smoothing=SMOOTHING)
            yield "topic", HeadLoss(loss, len(rows))
        told = [(row, e.genre) for row, e in enumerate(examples) if e.genre is not None]
        if told:
            head = cast(PooledHead, self.network.head("form"))
            logits = head(*states.sentences).logits[[row for row, _ in told]]
            yield "genre", _labelled(logits, [label for _, label in told])
        known = [(row, e.overall) for row, e in enumerate(examples) if e.overall is not None]
        if known:
            overall = cast(StanceHead, self.network.head("stance")).overall
            logits = overall(*states.sentences).logits[[row for row, _ in known]]
            yield "overall", _labelled(logits, [label for _, label in known])

    def _subjects(
        self, states: EncodedArticles, examples: Sequence[Example]
    ) -> Iterator[tuple[str, HeadLoss]]:
        told = [(row, example.named) for row, example in enumerate(examples) if example.named]
        if not told:
            return
        head = cast(SubjectHead, self.network.head("subject"))
        named = [naming(row, examples[row].encoded, each.candidates) for row, each in told]
        scores = scored(head, states, named)
        about = [
            _shared(score[:, NAMED.index("about")], each.about)
            for score, (_, each) in zip(scores, told, strict=True)
            if each.about
        ]
        if about:
            yield "about", HeadLoss(torch.stack(about).mean(), len(about))
        target = [
            _one_of(score[:, NAMED.index("target")], each.targets)
            for score, (_, each) in zip(scores, told, strict=True)
            if each.targets and score[list(each.targets)].isfinite().all()
        ]
        if target:
            yield "target", HeadLoss(torch.stack(target).mean(), len(target))

    def _summaries(
        self, states: EncodedArticles, examples: Sequence[Example]
    ) -> Iterator[tuple[str, HeadLoss]]:
        head = cast(SummaryHead, self.network.head("summary"))
        if any(example.chosen or example.alone for example in examples):
            scores = sentence_scores(head, states)
            for name in ("chosen", "extracts"):
                rows = [row for row, example in enumerate(examples) if getattr(example, name)]
                if rows:
                    picked = [getattr(examples[row], name) for row in rows]
                    yield name, _picked(scores[rows, :, ("chosen", "extracts").index(name)], picked)
            alone = [(row, n, yes) for row, e in enumerate(examples) for n, yes in e.alone]
            if alone:
                place = [row for row, _, _ in alone], [number for _, number, _ in alone]
                logits = scores[(*place, SCORES.index("alone"))]
                yield "alone", _yes_or_no(logits, [yes for _, _, yes in alone])
        spans = [
            (SpanTokens(row, first, last), yes)
            for row, example in enumerate(examples)
            for first, last, yes in example.spans
        ]
        if spans:
            logits = deletable(head, states, [span for span, _ in spans])
            yield "deleting", _yes_or_no(logits, [yes for _, yes in spans])


def _labelled(logits: Tensor, right: Sequence[int]) -> HeadLoss:
    target = torch.tensor(right, device=logits.device)
    loss = functional.cross_entropy(logits, target, label_smoothing=SMOOTHING)
    return HeadLoss(loss, len(right))


def _stance(logits: Tensor, asked: Sequence[Asked]) -> HeadLoss:
    """Cross-entropy with the right label, or with those of which one is right."""
    right = torch.zeros(logits.shape, dtype=torch.bool)
    for row, each in enumerate(asked):
        right[row, list(each.labels)] = True
    log = logits.log_softmax(-1)
    wanted = log.masked_fill(~right.to(logits.device), -torch.inf).logsumexp(-1)
    loss = -(1 - SMOOTHING) * wanted - SMOOTHING * log.mean(-1)
    return HeadLoss(loss.mean(), len(asked))


def _taught(logits: Tensor, taught: Tensor) -> HeadLoss:
    """How far answers are from the teacher's (Hinton et al. 2015, 1503.02531)."""
    wanted = (taught.to(logits.device) / TEACHER_TEMPERATURE).softmax(-1)
    log = (logits / TEACHER_TEMPERATURE).log_softmax(-1)
    loss = functional.kl_div(log, wanted, reduction="batchmean") * TEACHER_TEMPERATURE**2
    return HeadLoss(loss, len(logits))


def _evidence(readings: Readings, asked: Sequence[Asked], rows: Sequence[int]) -> HeadLoss:
    known = [
        (row, place, marked)
        for row in rows
        for place, marked in enumerate(asked[row].evidence or ())
        if marked is not None
    ]
    where = [row for row, _, _ in known], [place for _, place, _ in known]
    return _yes_or_no(readings.evidence[where], [marked for _, _, marked in known])


def _picked(scores: Tensor, picked: Sequence[Sequence[int]]) -> HeadLoss:
    """How likely the sentences are that an editor took, among all of their article."""
    log = scores.log_softmax(-1)
    each = [-log[row, list(numbers)].mean() for row, numbers in enumerate(picked)]
    return HeadLoss(torch.stack(each).mean(), len(each))


def _shared(scores: Tensor, shares: Sequence[float]) -> Tensor:
    """The cross-entropy of scores, (C), with shares of candidates, as far as those were read."""
    wanted = torch.tensor(shares, device=scores.device).masked_fill(scores.isneginf(), 0.0)
    log = scores.log_softmax(0).masked_fill(scores.isneginf(), 0.0)
    return -(wanted * log).sum() / wanted.sum().clamp(min=TINY)


def _one_of(scores: Tensor, numbers: Sequence[int]) -> Tensor:
    """How likely it is that one of some candidates is the best of all."""
    return -scores.log_softmax(0)[list(numbers)].logsumexp(0)


def _yes_or_no(logits: Tensor, right: Sequence[bool]) -> HeadLoss:
    target = torch.tensor(right, device=logits.device, dtype=logits.dtype)
    return HeadLoss(functional.binary_cross_entropy_with_logits(logits, target), len(right))
