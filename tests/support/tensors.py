"""Small tensors for the tests of networks."""

from __future__ import annotations

import torch
from torch import Tensor


def ids(*shape: int) -> Tensor:
    """Random word pieces of the tiny tokenizer; seed torch first."""
    return torch.randint(7, 100, shape)


def first(count: int, *lengths: int) -> Tensor:
    """A mask of the first entries of each row."""
    return torch.arange(count) < torch.tensor(lengths)[:, None]
