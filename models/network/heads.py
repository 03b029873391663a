"""What the heads of the tasks have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.network.passes import pooled

DROPOUT = 0.1
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class HeadOutput:
    """Label logits of some texts, and what each sentence adds to them."""

    logits: Tensor  # (rows, labels)
    contributions: Tensor  # (rows, S, labels)

    def row(self, number: int) -> HeadOutput:
        """One of the texts: logits (labels), contributions (S, labels)."""
        return HeadOutput(self.logits[number], self.contributions[number])


class Head(nn.Module):
    """A task's part of a network. Pure tensors in and out."""

    def lower_precision(self, dtype: torch.dtype) -> None:
        """Puts what is heavy in `dtype`. Label heads keep float32: they are small."""

    def file_name(self, task: str, name: str) -> str:
        """The name of a parameter in the file of weights."""
        return f"{task}.{name}"


def dense(hidden: int, inputs: int | None = None) -> nn.Sequential:
    """A layer before the output of a head."""
    return nn.Sequential(
        nn.Linear(inputs or hidden, hidden), nn.GELU(), nn.LayerNorm(hidden), nn.Dropout(DROPOUT)
    )


class PooledHead(Head):
    """Label logits as a weighted sum over sentences, so that each sentence's share is exact.

    Attention pooling after Yang et al. 2016 (N16-1174), with logits linear in the pooled states.
    """

    def __init__(self, hidden: int, labels: int) -> None:
        super().__init__()
        self.value = dense(hidden)
        self.weight = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1))
        self.out = nn.Linear(hidden, labels)
        nn.init.zeros_(cast(nn.Linear, self.weight[2]).weight)

    def forward(self, sentences: Tensor, mask: Tensor) -> HeadOutput:
        """`sentences` (A, S, H) and which of them are real, `mask` (A, S)."""
        weight = self.weight(sentences).squeeze(-1)  # (A, S)
        share = weight.float().masked_fill(~mask, -torch.inf).softmax(-1)
        each = functional.linear(self.value(sentences), self.out.weight).float()  # (A, S, labels)
        contributions = share[..., None] * each
        return HeadOutput(contributions.sum(1) + self.out.bias.float(), contributions)


class LinearHead(Head):
    """Label logits linear in the mean state of a text's sentences, which is brought to length 1.

    Each sentence's share is exact. It needs few texts, since a regression fits it.
    """

    def __init__(self, hidden: int, labels: int) -> None:
        super().__init__()
        self.out = nn.Linear(hidden, labels)

    def forward(self, sentences: Tensor, mask: Tensor) -> HeadOutput:
        """`sentences` (A, S, H) and which of them are real, `mask` (A, S)."""
        length = pooled(sentences, mask).float().norm(dim=-1).clamp(min=TINY)
        count = mask.sum(1).clamp(min=1)
        each = functional.linear(sentences.float(), self.out.weight) * mask[..., None]
        contributions = each / (length * count)[:, None, None]
        return HeadOutput(contributions.sum(1) + self.out.bias.float(), contributions)
