"""The heads of the topics: logits, and how far a text lies from those that they learned from."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from models.encoding.tokens import Encoded
from models.network.familiarity import Familiarity
from models.network.heads import LinearHead, PooledHead
from models.network.passes import pooled
from models.network.states import EncodedArticles
from models.text.surface import FEATURES, shown, surface


class PooledTopicHead(PooledHead):
    """A `PooledHead` that knows which texts are unlike those of its topics."""

    def __init__(self, hidden: int, labels: int) -> None:
        super().__init__(hidden, labels)
        self.familiarity = Familiarity(hidden, labels)


class LinearTopicHead(LinearHead):
    """A `LinearHead` that knows the same."""

    def __init__(self, hidden: int, labels: int) -> None:
        super().__init__(hidden, labels)
        self.familiarity = Familiarity(hidden, labels)


TopicHead = PooledTopicHead | LinearTopicHead
HEADS: Mapping[str, type[PooledTopicHead] | type[LinearTopicHead]] = {
    "pooled": PooledTopicHead,
    "linear": LinearTopicHead,
}


def looks(states: EncodedArticles) -> tuple[Tensor, Tensor, Tensor]:
    """What tells how familiar articles are: pooled states (A, H), surfaces (A, F), words (A)."""
    read = [shown(article.text, article.sentences) for article in states.articles]
    surfaces = [surface(each, a.language) for each, a in zip(read, states.articles, strict=True)]
    words = [words_read(article) for article in states.articles]
    device = states.device
    return (
        pooled(*states.sentences),
        torch.tensor(surfaces, device=device).reshape(-1, FEATURES),
        torch.tensor(words, device=device),
    )


def words_read(article: Encoded) -> int:
    """How many words of an article were read, those of its title too."""
    read = (article.text[sentence.start : sentence.end] for sentence in article.sentences)
    return sum(len(each.split()) for each in (article.heading, *read))
