"""Distances from what a head learned from."""

from __future__ import annotations

import torch
from torch import Tensor

from models.network.familiarity import Familiarity
from models.text.surface import FEATURES

HIDDEN, CLASSES = 8, 2
Texts = tuple[Tensor, Tensor, Tensor]


def texts(count: int, *, at: int, seed: int, words: int = 200, digits: float = 0.0) -> Texts:
    """Texts whose states lie near an axis, and whose surface has a share of digits."""
    draw = torch.Generator().manual_seed(seed)
    states = 0.1 * torch.randn(count, HIDDEN, generator=draw)
    states[:, at] += 1
    surfaces = 0.01 * torch.randn(count, FEATURES, generator=draw)
    surfaces[:, 2] += digits
    return states, surfaces, torch.full((count,), words)


def learned() -> Familiarity:
    known = Familiarity(HIDDEN, CLASSES)
    parts = [
        texts(60, at=at, seed=3 * words + at, words=words)
        for at in range(CLASSES)
        for words in (30, 200)
    ]
    states, surfaces, words = (torch.cat(each) for each in zip(*parts, strict=True))
    known.fit(states, surfaces, words, [0] * 120 + [1] * 120)
    return known


def test_before_it_has_learned_all_texts_are_alike() -> None:
    assert Familiarity(HIDDEN, CLASSES)(*texts(4, at=3, seed=1)).tolist() == [0.0] * 4


def test_texts_like_none_of_the_classes_are_further_than_texts_like_one() -> None:
    known = learned()
    same = torch.cat([known(*texts(40, at=at, seed=9)) for at in range(CLASSES)])
    assert same.abs().mean() < 2
    assert known(*texts(40, at=5, seed=9)).median() > same.quantile(0.9)
    assert known(*texts(40, at=0, seed=9, digits=0.3)).min() > same.max()


def test_the_length_of_a_state_tells_nothing() -> None:
    known, (states, *others) = learned(), texts(4, at=1, seed=3)
    assert torch.allclose(known(states, *others), known(7 * states, *others), atol=1e-2)


def test_what_was_learned_is_saved_with_the_weights() -> None:
    known, these = learned(), texts(4, at=0, seed=5)
    copy = Familiarity(HIDDEN, CLASSES)
    copy.load_state_dict(known.state_dict())
    assert torch.equal(copy(*these), known(*these))
