"""What the tests of the models share: a tokenizer and an encoder."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer

from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder


@pytest.fixture(scope="session")
def tokenizer(tiny_artifact: Artifact) -> Tokenizer:
    return tiny_artifact.tokenizer


@pytest.fixture(scope="session")
def encoder(tokenizer: Tokenizer) -> ArticleEncoder:
    return ArticleEncoder(tokenizer, max_windows=8)
