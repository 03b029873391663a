"""The network as tensors: pooled heads are exact sums, and padding is never read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.article import Tier
from models.artifact.artifact import Artifact, load
from models.network.heads import PooledHead
from models.network.network import Network
from models.network.passes import segment_mean
from models.tasks.build import build
from tests.support.tensors import first, ids

HIDDEN = 32


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0.0, atol=3e-5)


@pytest.fixture(scope="module")
def network(tiny_artifact: Artifact) -> Network:
    return tiny_artifact.network


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_segment_means_leave_out_what_is_in_no_segment() -> None:
    states = torch.tensor([[1.0], [3.0], [100.0], [5.0]])
    means = segment_mean(states, torch.tensor([0, 0, 3, 2]), 3)
    assert means.tolist() == [[2.0], [0.0], [5.0]]


def test_segment_means_are_float32_whatever_the_states_are() -> None:
    states = torch.full((3000, 1), 1.001).bfloat16()
    means = segment_mean(states, torch.zeros(3000, dtype=torch.long), 1)
    assert means.dtype == torch.float32
    close(means, states[:1].float())


def test_pooled_logits_are_the_sum_of_the_sentences_shares() -> None:
    sentences, mask = torch.randn(2, 5, HIDDEN), first(5, 5, 3)
    head = PooledHead(HIDDEN, 4)
    read = head(sentences, mask)
    close(read.contributions.sum(1) + head.out.bias, read.logits)
    assert not read.contributions[1, 3:].any()


def test_padding_sentences_change_no_pooled_logits() -> None:
    sentences = torch.randn(1, 3, HIDDEN)
    padded = torch.cat([sentences, torch.randn(1, 4, HIDDEN)], 1)
    head = PooledHead(HIDDEN, 4).eval()
    alone, longer = head(sentences, first(3, 3)), head(padded, first(7, 3))
    close(alone.logits, longer.logits)
    close(alone.contributions, longer.contributions[:, :3])


def test_padding_tokens_change_no_states(network: Network) -> None:
    rows = ids(1, 9)
    for encode in (network.encode, *(network.reader(tier).encode for tier in Tier)):
        alone = encode(rows, first(9, 9))
        padded = encode(torch.cat([rows, ids(1, 6)], 1), first(15, 9))
        close(alone, padded[:, :9])


def test_the_small_reader_shares_the_encoders_embeddings(network: Network) -> None:
    names = [name for name, _ in network.named_parameters() if "embeddings" in name]
    assert all(name.startswith(("encoder.", "readers.full.")) for name in names)
    assert network.reader(Tier.FAST).body.embeddings is network.encoder.embeddings


def test_in_lower_precision_the_heads_stay_exact(tiny: Path) -> None:
    network = load(tiny).network
    network.lower_precision(torch.bfloat16)
    bodies = ("encoder.", "readers.full.body.", "readers.fast.body.")
    for name, parameter in network.named_parameters():
        expected = torch.bfloat16 if name.startswith(bodies) else torch.float32
        assert parameter.dtype == expected, name


def test_a_model_without_a_task_has_no_head_for_it(tiny_artifact: Artifact) -> None:
    topic = {"topic": tiny_artifact.tasks["topic"]}
    assert list(build(tiny_artifact.network.shape, topic).heads) == ["topic"]


@pytest.mark.parametrize(
    "change", [{"num_hidden_layers": 0}, {"num_hidden_layers": 10**9}, {"dtype": "float64"}]
)
def test_a_shape_that_no_network_has_is_refused(
    tiny_artifact: Artifact, change: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"layers|not read"):
        Network(tiny_artifact.network.shape | change, {}, {})
