"""What encoder passes over articles and questions leave, and what the heads make of it.

Training and serving both go through here, with gradients or without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import cast

import numpy as np
import torch
from torch import Tensor

from models.encoding.packing import pack
from models.encoding.stance_inputs import StanceInput
from models.encoding.tokens import Encoded, Integers
from models.network.network import HeadOutput, Memory, Network, segment_mean
from models.network.padding import pad, ranges

Encode = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence to rewrite: its tokens `first` to `last`, and the first token of each word."""

    article: int
    first: int
    last: int
    words: Sequence[int]


class EncodedArticles:
    """The states of some articles after one encoder pass, which happens once they are needed.

    All states lie in one flat tensor in the articles' order.
    """

    def __init__(self, network: Network, articles: Sequence[Encoded], budget_tokens: int) -> None:
        self._network = network
        self._articles = articles
        self._budget_tokens = budget_tokens
        self._device = next(network.parameters()).device
        self._offsets = [0, *accumulate(len(article.ids) for article in articles)]

    @cached_property
    def states(self) -> Tensor:
        """The states of all tokens: (N, H)."""
        windows = [
            window
            for article in self._articles
            for window in np.split(article.ids, np.cumsum(article.windows[:-1]))
        ]
        return _encoded(self._network.encode, windows, self._budget_tokens, self._device)

    @cached_property
    def _sentences(self) -> tuple[Tensor, Tensor]:
        """Mean states of the titles and sentences, (A, S, H), and their mask, (A, S)."""
        pairs = zip(self._offsets, self._articles, strict=False)
        return _means(self.states, [(offset, article.segments) for offset, article in pairs])

    def topic(self) -> HeadOutput:
        """Topic logits (A, topics) and each segment's share of them (A, S, topics)."""
        return cast(HeadOutput, self._network.topic(*self._sentences))

    def overall(self) -> HeadOutput:
        """Logits of the stances toward the articles' own subjects, and each segment's share."""
        return cast(HeadOutput, self._network.overall(*self._sentences))

    def salience(self) -> Tensor:
        """How well each sentence carries its story: (A, S), −inf where there is none.

        Sentences are numbered without the title.
        """
        means, mask = self._sentences
        titles = torch.tensor([article.title is not None for article in self._articles])
        if not titles.any():
            return cast(Tensor, self._network.salience(means, mask))
        order = torch.arange(means.shape[1]) + titles[:, None].long()
        order = order.clamp(max=means.shape[1] - 1).to(self._device)
        counts = torch.tensor([len(article.sentences) for article in self._articles])
        mask = (torch.arange(means.shape[1]) < counts[:, None]).to(self._device)
        means = means.gather(1, order[..., None].expand_as(means))
        return cast(Tensor, self._network.salience(means, mask))

    def _memory(self, spans: Sequence[tuple[int, int]]) -> Memory:
        index, mask = (tensor.to(self._device) for tensor in ranges(spans))
        return Memory(self.states[index], mask)

    def sources(self, sources: Sequence[Source]) -> tuple[Memory, Tensor]:
        """The memory of some sentences to rewrite, and the states of their words (P, W, H)."""
        offsets = [self._offsets[source.article] for source in sources]
        pairs = list(zip(sources, offsets, strict=True))
        memory = self._memory([(source.first + o, source.last + o) for source, o in pairs])
        words, _ = pad([[token + o for token in source.words] for source, o in pairs])
        return memory, self.states[words.to(self._device)]


def read_stances(
    network: Network, questions: Sequence[StanceInput], budget_tokens: int
) -> HeadOutput:
    """Stance logits (P, stances) and the share of each of a question's places (P, S, stances)."""
    ids = [question.ids for question in questions]
    device = next(network.parameters()).device
    states = _encoded(network.read, ids, budget_tokens, device)
    offsets = accumulate((len(question.ids) for question in questions), initial=0)
    rows = [
        (offset, [(0, question.asked), *((at.first, at.last) for at in question.places)])
        for offset, question in zip(offsets, questions, strict=False)
    ]
    means, mask = _means(states, rows)
    return cast(HeadOutput, network.stance(means[:, 0], means[:, 1:], mask[:, 1:]))


def _encoded(
    encode: Encode,
    windows: Sequence[Integers],
    budget_tokens: int,
    device: torch.device,
) -> Tensor:
    """The states of some windows, one after the other: (N, H).

    They are encoded in groups of similar length, and nothing depends on how they were grouped.
    """
    ids = torch.from_numpy(np.concatenate(windows))
    begins = [0, *accumulate(len(window) for window in windows)]
    found, place = [], []
    for group in pack([len(window) for window in windows], budget_tokens):
        index, mask = ranges([(begins[row], begins[row + 1]) for row in group])
        rows = torch.where(mask, ids[index], 0).to(device)
        found.append(encode(rows, mask.to(device))[mask.to(device)])
        place.append(index[mask])
    return torch.cat(found)[torch.cat(place).argsort().to(device)]


def _means(
    states: Tensor, rows: Sequence[tuple[int, Sequence[tuple[int, int]]]]
) -> tuple[Tensor, Tensor]:
    """Mean states of token ranges, which begin at each row's offset: (rows, S, H), (rows, S)."""
    segment = torch.full((len(states),), -1)
    spans, count = [], 0
    for offset, inside in rows:
        spans.append((count, count + len(inside)))
        for first, last in inside:
            segment[offset + first : offset + last] = count
            count += 1
    segment[segment < 0] = count
    means = segment_mean(states, segment.to(states.device), count)
    index, mask = (tensor.to(states.device) for tensor in ranges(spans))
    return means[index], mask
