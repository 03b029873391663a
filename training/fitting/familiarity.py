"""What the head of the topics learns without gradients: which texts are like those of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor

from models.article import Article, Options
from models.encoding.preparation import Prepared
from models.engine import Engine
from models.errors import ArticleError
from models.network.familiarity import Familiarity
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.topic.head import looks
from models.tasks.topic.thresholds import opening
from training.config import Config
from training.data.labelled import Labelled, load
from training.data.roles import Role

BATCH = 32


def of(network: Network) -> Familiarity:
    """The distances of a network's topics."""
    return cast(Familiarity, network.head("topic").familiarity)


def fit(engine: Engine, config: Config, most: int = 800) -> Familiarity:
    """Fits the distances of a model's topics on the training texts of the measured files that have
    topics and are calibrated on, and on their openings."""
    names = [label.name for label in engine.info.labels["topic"]]
    known = of(engine.network)
    texts = [
        text
        for source in config.measured
        if source.calibrate
        for text in load(source, Role.TRAIN, engine.info.labels)[:most]
        if text.topics
    ]
    articles = [(article, names.index(text.topics[0])) for text in texts for article in _cut(text)]
    read: list[tuple[Tensor, Tensor, Tensor]] = []
    classes: list[int] = []
    for at in range(0, len(articles), BATCH):
        ready = [
            (found, topic)
            for article, topic in articles[at : at + BATCH]
            if (found := prepared(engine, article)) is not None
        ]
        read.append(looked(engine, [found for found, _ in ready]))
        classes += [topic for _, topic in ready]
    if set(classes) == set(range(len(names))):
        states, surfaces, words = (torch.cat(each) for each in zip(*read, strict=True))
        known.fit(states, surfaces, words, classes)
    return known


def _cut(text: Labelled) -> Iterator[Article]:
    options = Options(tasks=frozenset({"topic"}))
    yield Article(text.text, text.title, options=options)
    yield Article(opening(text.text), options=options)


def prepared(engine: Engine, article: Article) -> Prepared | None:
    """An article that is ready to be read; None where nothing can be read."""
    try:
        return engine.prepare(article)
    except ArticleError:
        return None


@torch.inference_mode()
def looked(engine: Engine, batch: Sequence[Prepared]) -> tuple[Tensor, Tensor, Tensor]:
    """What an engine sees of some articles: `looks` of them."""
    encoded = [prepared.encoded for prepared in batch]
    return looks(EncodedArticles(engine.network, encoded, BATCH * engine.network.positions))
