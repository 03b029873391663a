"""Heads over sentences: shares that add up, and padding that is never read."""

from __future__ import annotations

import torch

from models.network.heads import LinearHead

HIDDEN, LABELS = 8, 3


def test_each_sentence_of_a_linear_head_has_its_share() -> None:
    torch.manual_seed(0)
    head, sentences = LinearHead(HIDDEN, LABELS), torch.randn(2, 4, HIDDEN)
    mask = torch.tensor([[True] * 4, [True, True, False, False]])
    output = head(sentences, mask)
    assert torch.allclose(output.logits, output.contributions.sum(1) + head.out.bias, atol=1e-5)
    mean = sentences[1, :2].mean(0)
    assert torch.allclose(output.logits[1], head.out(mean / mean.norm()), atol=1e-5)
    assert not output.contributions[1, 2:].any()


def test_a_linear_head_reads_no_padding_and_no_length() -> None:
    head, sentences = LinearHead(HIDDEN, LABELS), torch.randn(1, 3, HIDDEN)
    mask = torch.tensor([[True, True, False]])
    alone = head(sentences[:, :2], mask[:, :2]).logits
    assert torch.allclose(alone, head(sentences, mask).logits, atol=1e-5)
    assert torch.allclose(alone, head(5 * sentences, mask).logits, atol=1e-5)
