"""The head as tensors: titles are no sentences, and nothing depends on who else is there."""

from __future__ import annotations

from typing import cast

import pytest
import torch

from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder, Encoded
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.summary.head import (
    SCORES,
    SpanTokens,
    SummaryHead,
    deletable,
    sentence_scores,
    well_formed,
)
from models.text.sentences import split
from tests.support.articles import CRIME, HEALTH

BUDGET = 2048


def close(one: torch.Tensor, other: torch.Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0.0, atol=1e-4)


@pytest.fixture(scope="module")
def network(tiny_artifact: Artifact) -> Network:
    return tiny_artifact.network


@pytest.fixture(scope="module")
def head(network: Network) -> SummaryHead:
    return cast(SummaryHead, network.head("summary"))


@pytest.fixture(scope="module")
def articles(encoder: ArticleEncoder) -> list[Encoded]:
    return [
        encoder.article(CRIME.text, split(CRIME.text), CRIME.title),
        encoder.article(HEALTH.text, split(HEALTH.text)),
    ]


@torch.no_grad()
def test_each_sentence_has_scores_and_a_title_none(
    network: Network, head: SummaryHead, articles: list[Encoded]
) -> None:
    scores = sentence_scores(head, EncodedArticles(network, articles, BUDGET))
    assert scores.shape[2] == len(SCORES)
    for row, article in zip(scores, articles, strict=True):
        assert row[: len(article.sentences)].isfinite().all()
        assert row[len(article.sentences) :].isneginf().all()
    for number, article in enumerate(articles):
        alone = sentence_scores(head, EncodedArticles(network, [article], BUDGET))
        close(alone[0, : len(article.sentences)], scores[number, : len(article.sentences)])


@torch.no_grad()
def test_a_title_is_read_with_the_sentences(
    network: Network, head: SummaryHead, articles: list[Encoded], encoder: ArticleEncoder
) -> None:
    bare = encoder.article(CRIME.text, split(CRIME.text))
    titled, plain = (
        sentence_scores(head, EncodedArticles(network, [each], BUDGET))
        for each in (articles[0], bare)
    )
    count = len(bare.sentences)
    assert not torch.allclose(titled[0, :count], plain[0, :count])


@torch.no_grad()
def test_a_span_is_judged_where_it_stands(
    network: Network, head: SummaryHead, articles: list[Encoded]
) -> None:
    spans = [SpanTokens(1, 4, 9), SpanTokens(0, 4, 9), SpanTokens(1, 5, 6)]
    together = deletable(head, EncodedArticles(network, articles, BUDGET), spans)
    alone = deletable(head, EncodedArticles(network, articles[1:], BUDGET), [SpanTokens(0, 4, 9)])
    close(alone, together[:1])
    assert len(set(together.tolist())) == 3


@torch.no_grad()
def test_a_sentence_is_well_formed_whoever_stands_beside_it(
    network: Network, head: SummaryHead, encoder: ArticleEncoder
) -> None:
    sentences = [encoder.sentence(text) for text in ("The tram ran late again.", "Rain.", "")]
    together = well_formed(head, network, sentences, BUDGET)
    for number, each in enumerate(sentences):
        close(well_formed(head, network, [each], BUDGET), together[number : number + 1])
