"""What one encoder pass over some articles leaves, and what the heads and the reader make of it.

Training and serving both go through `Reading`, with gradients or without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import cast

import torch
from torch import Tensor

from models.encoding import Encoded, pack, pad, ranges
from models.network import Memory, Network, Read, segment_mean


@dataclass(frozen=True, slots=True)
class Prompt:
    """A stance prompt for one article of the batch.

    `reach` are the token ranges of the article that it may read; None is all of them.
    """

    article: int
    ids: Sequence[int]
    reach: Sequence[tuple[int, int]] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence to rewrite: its tokens `first` to `last`, and the first token of each word."""

    article: int
    first: int
    last: int
    words: Sequence[int]


class Reading:
    """The states of some articles after one encoder pass.

    Rows of all windows are encoded in groups of similar length under `budget_tokens`, and laid
    into one flat tensor in the articles' order, so nothing below depends on how they were grouped.
    """

    def __init__(self, network: Network, articles: Sequence[Encoded], budget_tokens: int) -> None:
        self._network = network
        self._articles = articles
        self._device = next(network.parameters()).device
        self._offsets = [0, *accumulate(len(article.ids) for article in articles)]
        self.states = self._encode(budget_tokens)  # (N, H)

    def _encode(self, budget_tokens: int) -> Tensor:
        begins = [
            offset + begin
            for offset, article in zip(self._offsets, self._articles, strict=False)
            for begin in accumulate((0, *article.windows[:-1]))
        ]
        lengths = [length for article in self._articles for length in article.windows]
        ids = torch.cat([torch.from_numpy(article.ids) for article in self._articles])
        found, place = [], []
        for group in pack(lengths, budget_tokens):
            index, mask = ranges([(begins[row], begins[row] + lengths[row]) for row in group])
            rows = torch.where(mask, ids[index], 0).to(self._device)
            found.append(self._network.encode(rows, mask.to(self._device))[mask.to(self._device)])
            place.append(index[mask])
        order = torch.cat(place).argsort().to(self._device)
        return torch.cat(found)[order]

    @cached_property
    def _sentences(self) -> tuple[Tensor, Tensor]:
        """Mean states of the titles and sentences, (A, S, H), and their mask, (A, S)."""
        segment = torch.full((self._offsets[-1],), -1)
        rows, count = [], 0
        for offset, article in zip(self._offsets, self._articles, strict=False):
            for first, last in article.segments:
                segment[offset + first : offset + last] = count
                count += 1
            rows.append((count - len(article.segments), count))
        segment[segment < 0] = count
        means = segment_mean(self.states, segment.to(self._device), count)
        index, mask = (tensor.to(self._device) for tensor in ranges(rows))
        return means[index], mask

    def topic(self) -> Read:
        """Topic logits (A, topics) and each segment's share of them (A, S, topics)."""
        return cast(Read, self._network.topic(*self._sentences))

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

    def stance(self, prompts: Sequence[Prompt]) -> Read:
        """Stance logits (P, stances) and each segment's share of them (P, S, stances)."""
        articles = sorted({prompt.article for prompt in prompts})
        row = {article: index for index, article in enumerate(articles)}
        memory = self._memory([(self._offsets[a], self._offsets[a + 1]) for a in articles])
        packed = _PackedPrompts(prompts, row, memory.mask.shape[1])
        read = self._network.read_targets(
            packed.ids.to(self._device),
            packed.group.to(self._device),
            memory,
            packed.reach.to(self._device) & memory.mask[:, None],
        )
        means, mask = self._sentences
        chosen = torch.tensor([prompt.article for prompt in prompts], device=self._device)
        last = read[[row[prompt.article] for prompt in prompts], packed.last]
        return cast(Read, self._network.stance(last.float(), means[chosen], mask[chosen]))

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


class _PackedPrompts:
    """Prompts laid side by side, those of one article in one row."""

    def __init__(self, prompts: Sequence[Prompt], row: dict[int, int], width: int) -> None:
        ids: list[list[int]] = [[] for _ in row]
        group: list[list[int]] = [[] for _ in row]
        self.last: list[int] = []
        for number, prompt in enumerate(prompts, 1):
            ids[row[prompt.article]] += prompt.ids
            group[row[prompt.article]] += [number] * len(prompt.ids)
            self.last.append(len(ids[row[prompt.article]]) - 1)
        self.ids, _ = pad(ids)
        self.group, _ = pad(group)
        self.reach = torch.ones(len(row), 1, width, dtype=torch.bool)
        if any(prompt.reach is not None for prompt in prompts):
            self.reach = self._reach(prompts, row, width)

    def _reach(self, prompts: Sequence[Prompt], row: dict[int, int], width: int) -> Tensor:
        reach = torch.ones(len(row), self.group.shape[1], width, dtype=torch.bool)
        for number, prompt in enumerate(prompts, 1):
            if prompt.reach is not None:
                allowed = torch.zeros(width, dtype=torch.bool)
                for first, last in prompt.reach:
                    allowed[first:last] = True
                reach[row[prompt.article], self.group[row[prompt.article]] == number] = allowed
        return reach
