"""Passes of a transformer over rows of tokens of different lengths, and means of what they leave.

Nothing depends on how rows were grouped, so the same row gets the same states in any company.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np
import torch
from torch import Tensor

from models.encoding.packing import pack
from models.encoding.tokens import Integers
from models.network.padding import ranges

Encode = Callable[[Tensor, Tensor], Tensor]
Ranges = tuple[int, Sequence[tuple[int, int]]]
"""Where a row of tokens begins, and token ranges counted from there."""


def encoded(
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


def range_means(states: Tensor, rows: Sequence[Ranges]) -> tuple[Tensor, Tensor]:
    """Mean states of the token ranges of each row, (rows, S, H), and their mask, (rows, S)."""
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


def segment_mean(states: Tensor, segment: Tensor, count: int) -> Tensor:
    """Means of rows by segment: (N, H), (N,) → (count, H), in float32.

    Rows of segment `count` are left out. The order of addition is that of the rows, whatever else
    is in the batch, so that the same article gets the same mean.
    """
    total = states.new_zeros(count + 1, states.shape[1], dtype=torch.float32)
    total.index_add_(0, segment, states.float())
    number = torch.bincount(segment, minlength=count + 1)[:count].clamp(min=1)
    return total[:count] / number[:, None]


def pooled(sentences: Tensor, mask: Tensor) -> Tensor:
    """The mean of the states of the real sentences of each text: (A, S, H), (A, S) → (A, H)."""
    return (sentences * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
