"""From rows of different lengths to padded tensors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from models.encoding.tokens import Integers


def pad(rows: Sequence[Sequence[int] | Integers], fill: int = 0) -> tuple[Tensor, Tensor]:
    """Rows of different lengths as one tensor, and its mask of real entries: (rows, longest)."""
    width = max((len(row) for row in rows), default=0)
    padded = np.full((len(rows), width), fill, np.int64)
    for index, row in enumerate(rows):
        padded[index, : len(row)] = row
    lengths = torch.tensor([len(row) for row in rows])
    return torch.from_numpy(padded), torch.arange(width) < lengths[:, None]


def ranges(spans: Sequence[tuple[int, int]]) -> tuple[Tensor, Tensor]:
    """Index ranges as a padded index tensor and its mask, both (spans, longest)."""
    return pad([np.arange(first, last) for first, last in spans])
