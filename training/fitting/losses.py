"""The joint loss: one encoder pass, and the loss of every head that has labels in the batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.encoding.stance_inputs import StanceInput
from models.encoding.tokens import Integers
from models.network.heads import PooledHead
from models.network.network import Network
from models.network.padding import pad
from models.network.states import EncodedArticles
from models.tasks.stance.head import StanceHead, read_targets
from models.tasks.summary.head import SourceSentence, SummaryHead, memory_of, salience
from models.tasks.summary.own_words import OwnWords
from training.config import Losses
from training.data.alignment import Pair
from training.data.examples import Example

GROUP_TOKENS = 2048
"""Windows of similar length are encoded together, this many padded tokens at a time."""
SMOOTHING = 0.05
FULL_WEIGHT_ITEMS = 4
"""A head with fewer labels in a batch counts for less: one noisy label must not steer it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples with the questions drawn for them this time."""

    examples: Sequence[Example]
    questions: Sequence[Sequence[tuple[StanceInput, int]]]


@dataclass(frozen=True, slots=True)
class HeadLoss:
    """A head's mean loss over the batch and the number of labels it is the mean of."""

    mean: Tensor
    items: int


class JointModel(nn.Module):
    """The network with its losses as one module, which `accelerate` can wrap."""

    def __init__(self, network: Network, own: OwnWords, write_id: int, weights: Losses) -> None:
        super().__init__()
        self.network = network
        self._own = own
        self._write_id = write_id
        self._weights = weights.model_dump()

    @property
    def _topic_head(self) -> PooledHead:
        return cast(PooledHead, self.network.head("topic"))

    @property
    def _stance_head(self) -> StanceHead:
        return cast(StanceHead, self.network.head("stance"))

    @property
    def _summary_head(self) -> SummaryHead:
        return cast(SummaryHead, self.network.head("summary"))

    def forward(self, batch: Batch) -> tuple[Tensor, dict[str, HeadLoss]]:
        """The weighted sum of the heads' losses, and each head's own."""
        examples = [example for example in batch.examples if example.whole]
        states = EncodedArticles(self.network, [e.encoded for e in examples], GROUP_TOKENS)
        heads = {
            "topic": self._topic(states, examples),
            "overall": self._overall(states, examples),
            "stance": self._stance(batch),
            "salience": self._salience(states, examples),
            "writing": self._writing(states, examples),
        }
        found = {name: head for name, head in heads.items() if head is not None}
        total = self._topic_head.out.bias.sum() * 0.0  # what no head learns from costs nothing
        for name, head in found.items():
            total = total + self._weights[name] * min(1, head.items / FULL_WEIGHT_ITEMS) * head.mean
        return total, found

    def _topic(self, states: EncodedArticles, examples: Sequence[Example]) -> HeadLoss | None:
        rows = [row for row, example in enumerate(examples) if example.topics]
        if not rows:
            return None
        logits = self._topic_head(*states.sentences).logits[rows]
        target = torch.zeros_like(logits)
        for index, row in enumerate(rows):
            for topic, weight in examples[row].topics:
                target[index, topic] = weight
        return HeadLoss(
            functional.cross_entropy(logits, target, label_smoothing=SMOOTHING), len(rows)
        )

    def _overall(self, states: EncodedArticles, examples: Sequence[Example]) -> HeadLoss | None:
        known = [(row, e.overall) for row, e in enumerate(examples) if e.overall is not None]
        if not known:
            return None
        logits = self._stance_head.overall(*states.sentences).logits[[row for row, _ in known]]
        return _labelled(logits, [n for _, n in known])

    def _stance(self, batch: Batch) -> HeadLoss | None:
        asked = [pair for drawn in batch.questions for pair in drawn]
        if not asked:
            return None
        read = read_targets(self.network, [question for question, _ in asked], GROUP_TOKENS)
        return _labelled(read.logits, [stance for _, stance in asked])

    def _salience(self, states: EncodedArticles, examples: Sequence[Example]) -> HeadLoss | None:
        rows = [row for row, example in enumerate(examples) if example.salient]
        if not rows:
            return None
        scores = salience(self._summary_head, states)[rows].log_softmax(-1)
        picked = [scores[i, list(examples[row].salient or ())] for i, row in enumerate(rows)]
        return HeadLoss(-torch.stack([each.mean() for each in picked]).mean(), len(rows))

    def _writing(self, states: EncodedArticles, examples: Sequence[Example]) -> HeadLoss | None:
        pairs = [(row, p) for row, example in enumerate(examples) for p in example.pairs]
        if not pairs:
            return None
        memory, words = memory_of(
            states, [SourceSentence(row, p.first, p.last, p.words.tolist()) for row, p in pairs]
        )
        steps = _Steps([p for _, p in pairs], self._write_id, words.device)
        rows = torch.arange(len(pairs), device=words.device)[:, None]
        copied = words[rows, steps.before.clamp(min=0)] * (steps.before >= 0)[..., None]
        read = self._summary_head.write(steps.inputs, copied, memory)
        logits = self._summary_head.writer(read, words, steps.follows)
        allowed = [self._own.allowed(examples[row].article_words) for row, _ in pairs]
        own = (
            torch.from_numpy(np.stack(allowed))
            .to(words.device)[:, None]
            .expand(-1, read.shape[1], -1)
        )
        there = torch.cat([own, steps.words[:, None].expand(-1, read.shape[1], -1)], -1)
        scores = logits.masked_fill(~there, -torch.inf).log_softmax(-1)
        right = steps.right(len(self._own))
        known = right.any(-1)
        reached = scores.masked_fill(~right, -torch.inf)[known].logsumexp(-1)
        return HeadLoss(-reached.mean(), len(pairs))


def _labelled(logits: Tensor, labels: Sequence[int]) -> HeadLoss:
    target = torch.tensor(labels, device=logits.device)
    loss = functional.cross_entropy(logits, target, label_smoothing=SMOOTHING)
    return HeadLoss(loss, len(labels))


class _Steps:
    """The steps of some pairs as tensors: what the writer sees before each, and what is right."""

    def __init__(self, pairs: Sequence[Pair], write_id: int, device: torch.device) -> None:
        def padded(rows: Sequence[Integers], fill: int) -> Tensor:
            return pad(rows, fill)[0].to(device)

        self.inputs = padded([np.array([write_id, *p.pieces[:-1]]) for p in pairs], 0)
        self.before = padded([np.array([-1, *p.copied[:-1]]) for p in pairs], -1)  # (P, T)
        self.source = padded([p.source for p in pairs], -2)  # (P, W)
        self.words = self.source != -2
        self._own = padded([p.own for p in pairs], -1)
        self._target = padded([p.target for p in pairs], -1)
        latest = padded([_latest(p.copied) for p in pairs], -1)
        place = torch.arange(self.source.shape[1], device=device)
        self.follows = (place == latest[..., None] + 1).float()  # (P, T, W)

    def right(self, own_words: int) -> Tensor:
        """Which choices write the wanted word: (P, T, G + W)."""
        own = torch.arange(own_words, device=self._own.device) == self._own[..., None]
        copied = self._target[..., None] == self.source[:, None]
        return torch.cat([own, copied], -1)


def _latest(copied: Integers) -> Integers:
    """Before each step, the source word copied last (−1: none yet)."""
    latest, found = -1, []
    for place in copied:
        found.append(latest)
        latest = int(place) if place >= 0 else latest
    return np.array(found)
