"""The network as tensors: heads are exact sums, padding is never read, and writing has a cache."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from models.artifact.artifact import Artifact
from models.network.network import PATH_DROPOUT, Memory, Network, StanceHead, segment_mean

HIDDEN = 32


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0.0, atol=3e-5)


@pytest.fixture(scope="module")
def network(tiny_artifact: Artifact) -> Network:
    return tiny_artifact.network


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def ids(*shape: int) -> Tensor:
    return torch.randint(7, 100, shape)


def first(count: int, *lengths: int) -> Tensor:
    """A mask of the first entries of each row."""
    return torch.arange(count) < torch.tensor(lengths)[:, None]


def test_segment_means_leave_out_what_is_in_no_segment() -> None:
    states = torch.tensor([[1.0], [3.0], [100.0], [5.0]])
    means = segment_mean(states, torch.tensor([0, 0, 3, 2]), 3)
    assert means.tolist() == [[2.0], [0.0], [5.0]]


def test_segment_means_are_float32_whatever_the_states_are() -> None:
    states = torch.full((3000, 1), 1.001).bfloat16()
    means = segment_mean(states, torch.zeros(3000, dtype=torch.long), 1)
    assert means.dtype == torch.float32
    close(means, states[:1].float())


@pytest.mark.parametrize("name", ["topic", "overall"])
def test_pooled_logits_are_the_sum_of_the_sentences_shares(network: Network, name: str) -> None:
    sentences, mask = torch.randn(2, 5, HIDDEN), first(5, 5, 3)
    head = getattr(network, name)
    read = head(sentences, mask)
    close(read.contributions.sum(1) + head.out.bias, read.logits)
    assert not read.contributions[1, 3:].any()


def test_padding_sentences_change_no_logits(network: Network) -> None:
    sentences, mask = torch.randn(1, 3, HIDDEN), first(3, 3)
    padded = torch.cat([sentences, torch.randn(1, 4, HIDDEN)], 1)
    read = torch.randn(1, HIDDEN)
    for alone, longer in (
        (network.topic(sentences, mask), network.topic(padded, first(7, 3))),
        (network.stance(read, sentences, mask), network.stance(read, padded, first(7, 3))),
    ):
        close(alone.logits, longer.logits)
        close(alone.contributions, longer.contributions[:, :3])


def test_training_leaves_some_stances_to_the_sentences_alone() -> None:
    head = StanceHead(HIDDEN, 4)
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


def test_salience_looks_at_real_sentences_only(network: Network) -> None:
    sentences = torch.randn(1, 3, HIDDEN)
    padded = torch.cat([sentences, torch.randn(1, 4, HIDDEN)], 1)
    scores = network.salience(padded, first(7, 3))
    close(scores[:, :3], network.salience(sentences, first(3, 3)))
    assert scores[:, 3:].isneginf().all()


def test_salience_knows_no_end_of_positions(network: Network) -> None:
    scores = network.salience(torch.randn(1, 300, HIDDEN), first(300, 300))
    assert scores.isfinite().all()


@pytest.mark.parametrize("name", ["encode", "read"])
def test_padding_tokens_change_no_states(network: Network, name: str) -> None:
    rows, encode = ids(1, 9), getattr(network, name)
    alone = encode(rows, first(9, 9))
    padded = encode(torch.cat([rows, ids(1, 6)], 1), first(15, 9))
    close(alone, padded[:, :9])


def test_the_cue_raises_only_the_word_that_follows(network: Network) -> None:
    read, words = torch.randn(1, 1, HIDDEN), torch.randn(1, 6, HIDDEN)
    follows = torch.zeros(1, 1, 6)
    follows[..., 2] = 1
    without = network.writer(read, words, torch.zeros(1, 1, 6))
    changed = (network.writer(read, words, follows) != without)[0, 0].nonzero().flatten()
    assert changed.tolist() == [len(network.writer.own.bias) + 2]


def test_writing_word_by_word_is_writing_all_at_once(network: Network) -> None:
    memory = Memory(torch.randn(2, 8, HIDDEN), first(8, 8, 5))
    pieces, copied = ids(2, 6), torch.randn(2, 6, HIDDEN)
    at_once = network.write(pieces, copied, memory)
    cache = network.new_cache()
    steps = [
        network.write(pieces[:, [step]], copied[:, [step]], memory, cache) for step in range(6)
    ]
    close(torch.cat(steps, 1), at_once)


def test_no_word_sees_those_that_are_written_after_it(network: Network) -> None:
    memory = Memory(torch.randn(1, 8, HIDDEN), first(8, 8))
    pieces, copied = ids(1, 6), torch.randn(1, 6, HIDDEN)
    whole = network.write(pieces, copied, memory)
    begun = network.write(pieces[:, :3], copied[:, :3], memory)
    close(whole[:, :3], begun)


def test_the_decoder_starts_from_the_encoders_upper_layers(tiny_artifact: Artifact) -> None:
    network = Network(replace(tiny_artifact.network.config, writer_words=3))
    network.warm_start([9, 8, 7])
    upper = network.encoder.encoder.layer[-1].state_dict()
    state = network.decoder.encoder.layer[0].state_dict()
    assert all(state[name].equal(upper[name]) for name in upper)
    assert state["crossattention.self.query.weight"].equal(upper["attention.self.query.weight"])
    embeddings = network.encoder.embeddings.word_embeddings.weight
    assert network.writer.own.weight.equal(embeddings[[9, 8, 7]])


def test_a_layer_over_sentences_computes_what_a_layer_of_bert_does(network: Network) -> None:
    fresh = Network(replace(network.config, writer_words=3)).eval()
    fresh.warm_start([9, 8, 7])
    sentences, mask = torch.randn(2, 5, HIDDEN), first(5, 5, 3)
    theirs = fresh.encoder.encoder.layer[-1](sentences, attention_mask=mask[:, None, None])
    close(fresh.salience.layers[-1](sentences, mask)[mask], theirs[mask])


def test_embeddings_are_shared(tiny_artifact: Artifact) -> None:
    network = Network(tiny_artifact.network.config)
    names = [name for name, _ in network.named_parameters() if "embeddings" in name]
    assert names
    assert all(name.startswith("encoder.") for name in names)
    for module in (network.reader, network.decoder):
        assert module.embeddings is network.encoder.embeddings


def test_the_reader_starts_as_the_encoder(tiny_artifact: Artifact) -> None:
    network = Network(replace(tiny_artifact.network.config, writer_words=3))
    rows, mask = ids(2, 9), first(9, 9, 5)
    assert not network.read(rows, mask).allclose(network.encode(rows, mask))
    network.warm_start([9, 8, 7])
    close(network.read(rows, mask)[mask], network.encode(rows, mask)[mask])


def test_in_lower_precision_the_label_heads_stay_exact(tiny_artifact: Artifact) -> None:
    network = Network(tiny_artifact.network.config)
    network.lower_precision(torch.bfloat16)
    kept = {"topic", "overall", "stance", "salience"}
    for name, parameter in network.named_parameters():
        exact = name.partition(".")[0] in kept
        assert parameter.dtype == (torch.float32 if exact else torch.bfloat16), name
