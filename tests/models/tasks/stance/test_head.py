"""The head of the stances: padding is never read, and sentences learn to carry the stance."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from models.tasks.stance.head import PATH_DROPOUT, TargetHead

HIDDEN = 32


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0.0, atol=3e-5)


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def first(count: int, *lengths: int) -> Tensor:
    """A mask of the first entries of each row."""
    return torch.arange(count) < torch.tensor(lengths)[:, None]


def test_padding_sentences_change_no_logits() -> None:
    sentences, read = torch.randn(1, 3, HIDDEN), torch.randn(1, HIDDEN)
    padded = torch.cat([sentences, torch.randn(1, 4, HIDDEN)], 1)
    head = TargetHead(HIDDEN, 4).eval()
    alone, longer = head(read, sentences, first(3, 3)), head(read, padded, first(7, 3))
    close(alone.logits, longer.logits)
    close(alone.contributions, longer.contributions[:, :3])


def test_training_leaves_some_stances_to_the_sentences_alone() -> None:
    head = TargetHead(HIDDEN, 4)
    for layer in head.dense:
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    read, sentences, mask = (
        torch.randn(400, HIDDEN),
        torch.randn(400, 3, HIDDEN),
        first(3, *[3] * 400),
    )
    serving = head.eval()(read, sentences, mask).logits
    found = head.train()(read, sentences, mask)
    alone = found.contributions.sum(1) + head.out.bias
    left = (found.logits - alone).abs().amax(-1) < 1e-6
    assert left.float().mean().item() == pytest.approx(PATH_DROPOUT, abs=0.1)
    close(found.logits[~left], serving[~left])
