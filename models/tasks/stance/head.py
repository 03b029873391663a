"""The heads of the stances: toward a target, and toward the article's own subject."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.encoding.stance_inputs import StanceInput
from models.network.heads import Head, HeadOutput, PooledHead, dense
from models.network.network import Network
from models.network.states import encoded, range_means

PATH_DROPOUT = 0.3
"""How often training takes the target's state away from a stance, so that the sentences that are
given as evidence learn to carry it."""
FILE_NAMES = {"target": "stance", "overall": "overall"}


class TargetHead(nn.Module):
    """Stance logits from a target's state and the sentences that were read with it."""

    def __init__(self, hidden: int, stances: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.mix = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.dense = dense(hidden)
        self.out = nn.Linear(hidden, stances)
        self.out_sentence = nn.Linear(hidden, stances, bias=False)

    def forward(self, read: Tensor, sentences: Tensor, mask: Tensor) -> HeadOutput:
        """`read` (P, H); `sentences` (P, S, H) and `mask` (P, S) of each target."""
        weight = (self.key(sentences) @ self.query(read)[..., None]).squeeze(-1)  # (P, S)
        weight = weight.float() / read.shape[-1] ** 0.5
        share = weight.masked_fill(~mask, -torch.inf).softmax(-1)
        value = functional.gelu(self.value(sentences) + self.mix(read)[:, None])
        contributions = share[..., None] * self.out_sentence(value).float()  # (P, S, stances)
        state = self.dense(read)
        if self.training:
            state = state * (torch.rand_like(state[:, :1]) >= PATH_DROPOUT)
        return HeadOutput(self.out(state).float() + contributions.sum(1), contributions)


class StanceHead(Head):
    """`target` for the targets that are named, `overall` for the article's own subject."""

    def __init__(self, hidden: int, stances: int) -> None:
        super().__init__()
        self.target = TargetHead(hidden, stances)
        self.overall = PooledHead(hidden, stances)

    def file_name(self, task: str, name: str) -> str:
        part, _, rest = name.partition(".")
        return f"{FILE_NAMES[part]}.{rest}"


def read_targets(network: Network, inputs: Sequence[StanceInput], budget_tokens: int) -> HeadOutput:
    """Stance logits (P, stances) and the share of each place of an input (P, S, stances)."""
    device = next(network.parameters()).device
    states = encoded(network.read, [each.ids for each in inputs], budget_tokens, device)
    offsets = accumulate((len(each.ids) for each in inputs), initial=0)
    rows = [
        (offset, [(0, each.asked), *((at.first, at.last) for at in each.places)])
        for offset, each in zip(offsets, inputs, strict=False)
    ]
    means, mask = range_means(states, rows)
    head = cast(StanceHead, network.head("stance"))
    return cast(HeadOutput, head.target(means[:, 0], means[:, 1:], mask[:, 1:]))
