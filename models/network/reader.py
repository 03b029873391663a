"""A reader: a transformer that reads a target or a statement with sentences of the article.

It says what the article holds of a target (stance), whether it bears a statement out (claim), which
of the two was asked (kind), and which of the sentences show it (evidence). Stances and claims are
judged by the prompt's state beside the mean of the sentences' states, weighted by how much each is
evidence. Asked for the news, it says which of some sentences tell it. Small and large readers have
the same heads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import cast

import torch
from torch import Tensor, nn

from models.article import Kind
from models.encoding.questions import Question
from models.network.bodies import body
from models.network.heads import dense
from models.network.passes import encoded, range_means

EVIDENCE_SIZE = 128
KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of one question: the kind of its target, a logit for each label, and one for
    each of its places (and padding behind them) as evidence."""

    question: Question
    kind: Kind
    logits: Sequence[float]
    evidence: Sequence[float]


@dataclass(frozen=True, slots=True)
class Readings:
    """Logits of some questions' labels (P, labels), of each place as evidence and as one that tells
    the news (P, S), and of what the target is (P, kinds)."""

    logits: Tensor
    evidence: Tensor
    news: Tensor
    kinds: Tensor

    def each(self, questions: Sequence[Question]) -> Iterator[Reading]:
        """What is read of each of the questions, in order."""
        rows = zip(
            questions,
            self.logits.tolist(),
            self.evidence.tolist(),
            self.kinds.argmax(-1).tolist(),
            strict=True,
        )
        for question, logits, evidence, kind in rows:
            yield Reading(question, question.kind or KINDS[kind], logits, evidence)


class Reader(nn.Module):
    """A body with heads for stances and claims, which have the same `labels`, for evidence, and for
    what tells the news."""

    def __init__(self, shape: Mapping[str, object], labels: int) -> None:
        super().__init__()
        self.shape = dict(shape)
        self.body = body(shape)
        hidden = int(self.body.config.hidden_size)
        self.stance = _head(hidden, labels)
        self.claim = _head(hidden, labels)
        self.kind = nn.Linear(hidden, len(KINDS))
        self.evidence = _of_places(hidden)
        self.news = _of_places(hidden)

    def encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The states of some rows: (rows, tokens) → (rows, tokens, H)."""
        return cast(Tensor, self.body(input_ids=ids, attention_mask=mask).last_hidden_state)

    def lower_precision(self, dtype: torch.dtype) -> None:
        """Puts the body in `dtype`; the heads keep float32: they are small."""
        nn.Module.to(self.body, dtype)

    def read(self, questions: Sequence[Question], budget_tokens: int) -> Readings:
        """Reads some questions, in groups of at most so many padded tokens."""
        device = next(self.parameters()).device
        states = encoded(self.encode, [each.ids for each in questions], budget_tokens, device)
        offsets = accumulate((len(each.ids) for each in questions), initial=0)
        rows = [
            (offset, [(0, 1), *((place.first, place.last) for place in each.places)])
            for offset, each in zip(offsets, questions, strict=False)
        ]
        means, mask = range_means(states, rows)
        asked = [-1 if each.kind is None else KINDS.index(each.kind) for each in questions]
        return self.judge(means[:, 0], means[:, 1:], mask[:, 1:], torch.tensor(asked).to(device))

    def judge(self, prompt: Tensor, sentences: Tensor, mask: Tensor, asked: Tensor) -> Readings:
        """`prompt` (P, H); `sentences` (P, S, H), which are real (P, S); the number of the kind
        that is asked for (P), −1 where it is to be told."""
        beside = torch.cat([sentences, prompt[:, None].expand_as(sentences)], -1)
        evidence, news = (
            head(beside).squeeze(-1).float().masked_fill(~mask, -torch.inf)
            for head in (self.evidence, self.news)
        )
        share = evidence.softmax(-1).nan_to_num()  # a prompt with no sentence at all has none
        pooled = (share[..., None] * sentences).sum(1)
        state = torch.cat([prompt, pooled], -1)
        kinds = self.kind(prompt).float()
        claims = torch.where(asked < 0, kinds.argmax(-1), asked) == KINDS.index(Kind.CLAIM)
        logits = torch.where(claims[:, None], self.claim(state), self.stance(state))
        return Readings(logits.float(), evidence, news, kinds)


def _of_places(hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2 * hidden, EVIDENCE_SIZE), nn.GELU(), nn.Linear(EVIDENCE_SIZE, 1)
    )


def _head(hidden: int, labels: int) -> nn.Sequential:
    return nn.Sequential(dense(hidden, 2 * hidden), nn.Linear(hidden, labels))
