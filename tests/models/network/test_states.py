"""One encoder pass over many articles: nothing read depends on who else was in the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from models.artifact.artifact import Artifact
from models.encoding.packing import pack
from models.encoding.stance_inputs import StanceInput, questions
from models.encoding.tokens import ArticleEncoder, Encoded
from models.network.heads import HeadOutput
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.stance.head import StanceHead, read_targets
from models.tasks.summary.head import SourceSentence, SummaryHead, memory_of
from models.tasks.summary.head import salience as salience_of
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


def salience(states: EncodedArticles) -> Tensor:
    return salience_of(cast(SummaryHead, states.network.head("summary")), states)


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


def asked(articles: Sequence[Encoded], encoder: ArticleEncoder) -> list[StanceInput]:
    """Two targets for every article, asked in turns."""
    prompts = [(target, encoder.target(target)) for target in ("the mine", "rain")]
    each = [questions(article, prompts) for article in articles]
    return [one for one, _ in each] + [other for _, other in each]


@given(st.permutations(range(len(TEXTS))), st.integers(1, len(TEXTS)), st.integers(1, 4000))
@settings(max_examples=15)
def test_an_article_reads_the_same_in_any_company(
    network: Network,
    encoder: ArticleEncoder,
    articles: Articles,
    alone: list[EncodedArticles],
    order: list[int],
    count: int,
    budget: int,
) -> None:
    chosen = order[:count]
    with torch.no_grad():
        together = EncodedArticles(network, [articles[index] for index in chosen], budget)
        topic, scores = topic_of(together), salience(together)
        overall = overall_of(together)
        stance = read_targets(network, asked([articles[i] for i in chosen], encoder), budget)
        begin = 0
        for row, index in enumerate(chosen):
            states = together.states[begin : begin + len(articles[index].ids)]
            close(states, alone[index].states)
            close(topic.logits[row], topic_of(alone[index]).logits[0])
            sentences = len(articles[index].sentences)
            close(scores[row, :sentences], salience(alone[index])[0, :sentences])
            assert scores[row, sentences:].isneginf().all()
            close(overall.logits[row], overall_of(alone[index]).logits[0])
            mine = read_targets(network, asked([articles[index]], encoder), BUDGET)
            close(stance.logits[[row, row + count]], mine.logits)
            places = mine.contributions.shape[1]
            close(stance.contributions[[row, row + count], :places], mine.contributions)
            assert not stance.contributions[[row, row + count], places:].any()
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
            memory_of(reading, [SourceSentence(0, 1, 5, [1, 2])])
    finally:
        hook.remove()
    windows = [length for article in articles for length in article.windows]
    assert rows == [len(group) for group in pack(windows, BUDGET)]
    assert sum(rows) == len(windows)


def test_a_target_is_read_together_with_its_passages(
    network: Network, encoder: ArticleEncoder, articles: Articles
) -> None:
    """The states of the sentences know the target, and the target's those of the sentences."""
    mine, rain = asked([articles[0]], encoder)
    with torch.no_grad():
        one, other = (read_targets(network, [question], BUDGET) for question in (mine, rain))
    assert mine.places[0].sentence == rain.places[0].sentence
    assert not torch.allclose(one.contributions[0, 0], other.contributions[0, 0])
    assert not torch.allclose(one.logits, other.logits)


def test_the_memory_of_a_sentence_is_its_own_states(network: Network, articles: Articles) -> None:
    with torch.no_grad():
        reading = EncodedArticles(network, articles, BUDGET)
    short, long = articles[2].sentences[0], articles[0].sentences[3]
    words = [word.token for word in articles[0].words(long)]
    sentences = [
        SourceSentence(2, short.first, short.last, [short.first]),
        SourceSentence(0, long.first, long.last, words),
    ]
    memory, states = memory_of(reading, sentences)
    begin = sum(len(article.ids) for article in articles[:2])
    assert memory.mask.sum(1).tolist() == [short.last - short.first, long.last - long.first]
    expected = reading.states[begin + short.first : begin + short.last]
    assert memory.states[0][memory.mask[0]].equal(expected)
    assert states[1].equal(reading.states[words])


def test_training_reads_the_same_way_with_gradients(network: Network, articles: Articles) -> None:
    topic_of(EncodedArticles(network, articles[1:3], BUDGET)).logits.sum().backward()  # type: ignore[no-untyped-call]
    gradient = network.encoder.embeddings.word_embeddings.weight.grad
    network.zero_grad()
    assert gradient is not None
    assert gradient.abs().sum() > 0
