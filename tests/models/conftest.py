"""What the tests of the models share: a tokenizer, an encoder, and requests to rewrite."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tokenizers import Tokenizer

from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder
from models.tasks.summary.decision import all_words
from models.tasks.summary.own_words import OwnWords
from models.tasks.summary.writer import Request
from models.text.sentences import split

MakeRequest = Callable[..., Request]


@pytest.fixture(scope="session")
def tokenizer(tiny_artifact: Artifact) -> Tokenizer:
    return tiny_artifact.tokenizer


@pytest.fixture(scope="session")
def encoder(tokenizer: Tokenizer) -> ArticleEncoder:
    return ArticleEncoder(tokenizer, max_windows=8)


@pytest.fixture(scope="session")
def own(tiny_artifact: Artifact) -> OwnWords:
    return OwnWords(tiny_artifact.tasks["summary"].own_words)


@pytest.fixture(scope="session")
def make_request(encoder: ArticleEncoder) -> MakeRequest:
    """`make_request(text, sentence=0, article=0)`: one sentence of a text, to be rewritten."""

    def make(text: str, sentence: int = 0, article: int = 0) -> Request:
        encoded = encoder.article(text, split(text))
        chosen = encoded.sentences[sentence]
        words = encoded.words(chosen)
        spellings = frozenset(text[word.start : word.end] for word in words)
        return Request(article, encoded, chosen, words, all_words(text), spellings)

    return make
