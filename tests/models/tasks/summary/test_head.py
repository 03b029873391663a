"""The head of the summaries: padding is never read, and writing has a cache."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
import torch
from torch import Tensor

from models.artifact.artifact import Artifact
from models.network.network import Network
from models.tasks.build import build
from models.tasks.summary.head import Memory, SummaryHead
from tests.support.tensors import first, ids

HIDDEN = 32


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0.0, atol=3e-5)


def head_of(network: Network) -> SummaryHead:
    return cast(SummaryHead, network.head("summary"))


@pytest.fixture(scope="module")
def head(tiny_artifact: Artifact) -> SummaryHead:
    return head_of(tiny_artifact.network)


@pytest.fixture
def fresh(tiny_artifact: Artifact) -> Network:
    """A network with three own words, whose summaries start from its encoder."""
    section = replace(tiny_artifact.tasks["summary"], own_words=("a", "b", "c"))
    network = build(tiny_artifact.network.shape, {"summary": section}).eval()
    head_of(network).warm_start(network.encoder, [9, 8, 7])
    return network


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_salience_looks_at_real_sentences_only(head: SummaryHead) -> None:
    sentences = torch.randn(1, 3, HIDDEN)
    padded = torch.cat([sentences, torch.randn(1, 4, HIDDEN)], 1)
    scores = head.salience(padded, first(7, 3))
    close(scores[:, :3], head.salience(sentences, first(3, 3)))
    assert scores[:, 3:].isneginf().all()


def test_salience_knows_no_end_of_positions(head: SummaryHead) -> None:
    scores = head.salience(torch.randn(1, 300, HIDDEN), first(300, 300))
    assert scores.isfinite().all()


def test_the_cue_raises_only_the_word_that_follows(head: SummaryHead) -> None:
    read, words = torch.randn(1, 1, HIDDEN), torch.randn(1, 6, HIDDEN)
    follows = torch.zeros(1, 1, 6)
    follows[..., 2] = 1
    without = head.writer(read, words, torch.zeros(1, 1, 6))
    changed = (head.writer(read, words, follows) != without)[0, 0].nonzero().flatten()
    assert changed.tolist() == [len(head.writer.own.bias) + 2]


def test_writing_word_by_word_is_writing_all_at_once(head: SummaryHead) -> None:
    memory = Memory(torch.randn(2, 8, HIDDEN), first(8, 8, 5))
    pieces, copied = ids(2, 6), torch.randn(2, 6, HIDDEN)
    at_once = head.write(pieces, copied, memory)
    cache = head.new_cache()
    steps = [head.write(pieces[:, [step]], copied[:, [step]], memory, cache) for step in range(6)]
    close(torch.cat(steps, 1), at_once)


def test_no_word_sees_those_that_are_written_after_it(head: SummaryHead) -> None:
    memory = Memory(torch.randn(1, 8, HIDDEN), first(8, 8))
    pieces, copied = ids(1, 6), torch.randn(1, 6, HIDDEN)
    whole = head.write(pieces, copied, memory)
    begun = head.write(pieces[:, :3], copied[:, :3], memory)
    close(whole[:, :3], begun)


def test_the_decoder_starts_from_the_encoders_upper_layers(fresh: Network) -> None:
    upper = fresh.encoder.encoder.layer[-1].state_dict()
    state = head_of(fresh).decoder.encoder.layer[0].state_dict()
    assert all(state[name].equal(upper[name]) for name in upper)
    assert state["crossattention.self.query.weight"].equal(upper["attention.self.query.weight"])
    embeddings = fresh.encoder.embeddings.word_embeddings.weight
    assert head_of(fresh).writer.own.weight.equal(embeddings[[9, 8, 7]])


def test_a_layer_over_sentences_computes_what_a_layer_of_bert_does(fresh: Network) -> None:
    sentences, mask = torch.randn(2, 5, HIDDEN), first(5, 5, 3)
    theirs = fresh.encoder.encoder.layer[-1](sentences, attention_mask=mask[:, None, None])
    close(head_of(fresh).salience.layers[-1](sentences, mask)[mask], theirs[mask])
