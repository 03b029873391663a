"""One encoder pass over many articles: nothing read depends on who else was in the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.article import Kind, Tier
from models.artifact.artifact import Artifact
from models.encoding.packing import pack
from models.encoding.questions import Passages, Question
from models.encoding.tokens import ArticleEncoder, Encoded
from models.network.heads import HeadOutput
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.stance.head import StanceHead
from models.tasks.summary.head import SpanTokens, SummaryHead, deletable, sentence_scores
from models.text.sentences import split
from tests.support.articles import SAMPLES, SECTIONS

BUDGET = 2048
TEXTS = [
    (SECTIONS.text, SECTIONS.title),
    ("It rained.", None),
    ("It rained. Then it stopped, and the children ran out.", "Rain"),
    (SAMPLES[3].text, None),
    (SAMPLES[14].text, SAMPLES[14].title),
]


@pytest.fixture(scope="module")
def network(tiny_artifact: Artifact) -> Network:
    return tiny_artifact.network


def topic_of(states: EncodedArticles) -> HeadOutput:
    return cast(HeadOutput, states.network.head("topic")(*states.sentences))


def overall_of(states: EncodedArticles) -> HeadOutput:
    head = cast(StanceHead, states.network.head("stance"))
    return cast(HeadOutput, head.overall(*states.sentences))


def summary_head(network: Network) -> SummaryHead:
    return cast(SummaryHead, network.head("summary"))


def salience(states: EncodedArticles) -> Tensor:
    return sentence_scores(summary_head(states.network), states)


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0.0, atol=1e-4)


class Articles(list[Encoded]):
    """Articles that hypothesis does not print whole."""

    __repr__ = object.__repr__


@pytest.fixture(scope="module")
def articles(encoder: ArticleEncoder) -> Articles:
    return Articles(encoder.article(text, split(text), title) for text, title in TEXTS)


@pytest.fixture(scope="module")
def alone(network: Network, articles: Articles) -> list[EncodedArticles]:
    with torch.no_grad():
        return [EncodedArticles(network, [article], BUDGET) for article in articles]


def asked(articles: Sequence[Encoded], encoder: ArticleEncoder) -> list[Question]:
    """Two targets for every article, asked in turns."""
    return [
        Passages(article).question(encoder.target(target), target)
        for target in ("the mine", "rain")
        for article in articles
    ]


@given(
    st.permutations(range(len(TEXTS))),
    st.integers(1, len(TEXTS)),
    st.integers(1, 4000),
    st.sampled_from(Tier),
)
@settings(max_examples=15)
def test_an_article_reads_the_same_in_any_company(
    network: Network,
    encoder: ArticleEncoder,
    articles: Articles,
    alone: list[EncodedArticles],
    order: list[int],
    count: int,
    budget: int,
    tier: Tier,
) -> None:
    chosen, reader = order[:count], network.reader(tier)
    with torch.no_grad():
        together = EncodedArticles(network, [articles[index] for index in chosen], budget)
        topic, scores = topic_of(together), salience(together)
        overall = overall_of(together)
        read = reader.read(asked([articles[i] for i in chosen], encoder), budget)
        begin = 0
        for row, index in enumerate(chosen):
            states = together.states[begin : begin + len(articles[index].ids)]
            close(states, alone[index].states)
            close(topic.logits[row], topic_of(alone[index]).logits[0])
            sentences = len(articles[index].sentences)
            close(scores[row, :sentences], salience(alone[index])[0, :sentences])
            assert scores[row, sentences:].isneginf().all()
            close(overall.logits[row], overall_of(alone[index]).logits[0])
            mine = reader.read(asked([articles[index]], encoder), BUDGET)
            close(read.logits[[row, row + count]], mine.logits)
            close(read.kinds[[row, row + count]], mine.kinds)
            places = mine.evidence.shape[1]
            close(read.evidence[[row, row + count], :places], mine.evidence)
            assert read.evidence[[row, row + count], places:].isneginf().all()
            begin += len(articles[index].ids)


def test_each_window_goes_through_the_encoder_once(network: Network, articles: Articles) -> None:
    rows: list[int] = []
    hook = network.encoder.register_forward_hook(
        lambda module, args, kwargs, output: rows.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    try:
        with torch.no_grad():
            reading = EncodedArticles(network, articles, BUDGET)
            assert rows == []  # nothing is read before it is needed
            topic_of(reading)
            salience(reading)
            overall_of(reading)
            deletable(summary_head(network), reading, [SpanTokens(0, 1, 5)])
    finally:
        hook.remove()
    windows = [length for article in articles for length in article.windows]
    assert rows == [len(group) for group in pack(windows, BUDGET)]
    assert sum(rows) == len(windows)


@pytest.mark.parametrize("tier", Tier)
def test_a_target_is_read_together_with_its_passages(
    network: Network, encoder: ArticleEncoder, articles: Articles, tier: Tier
) -> None:
    """The states of the sentences know the target, and the target's those of the sentences."""
    passages = Passages(articles[0])
    mine, rain = (passages.question(encoder.target(t), t, Kind.ISSUE) for t in ("mine", "rain"))
    with torch.no_grad():
        one, other = (network.reader(tier).read([question], BUDGET) for question in (mine, rain))
    assert mine.places[0].sentence == rain.places[0].sentence
    assert not torch.allclose(one.evidence[0, 0], other.evidence[0, 0])
    assert not torch.allclose(one.logits, other.logits)


def test_training_reads_the_same_way_with_gradients(network: Network, articles: Articles) -> None:
    topic_of(EncodedArticles(network, articles[1:3], BUDGET)).logits.sum().backward()  # type: ignore[no-untyped-call]
    gradient = network.encoder.embeddings.word_embeddings.weight.grad
    network.zero_grad()
    assert gradient is not None
    assert gradient.abs().sum() > 0
