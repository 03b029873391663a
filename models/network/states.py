"""The states that a pass of the encoder leaves, as the heads take them.

Training and serving both go through here, with gradients or without.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

import numpy as np
from torch import Tensor

from models.encoding.tokens import Encoded
from models.network.network import Network
from models.network.passes import encoded, range_means


class EncodedArticles:
    """The states of some articles after one encoder pass, which happens once they are needed.

    All states lie in one flat tensor in the articles' order; article `n` begins at `offsets[n]`.
    """

    def __init__(self, network: Network, articles: Sequence[Encoded], budget_tokens: int) -> None:
        self.network = network
        self.articles = articles
        self.budget_tokens = budget_tokens
        self.device = next(network.parameters()).device
        self.offsets = [0, *accumulate(len(article.ids) for article in articles)]

    @cached_property
    def states(self) -> Tensor:
        """The states of all tokens: (N, H)."""
        windows = [
            window
            for article in self.articles
            for window in np.split(article.ids, np.cumsum(article.windows[:-1]))
        ]
        return encoded(self.network.encode, windows, self.budget_tokens, self.device)

    @cached_property
    def sentences(self) -> tuple[Tensor, Tensor]:
        """Mean states of the titles and sentences, (A, S, H), and their mask, (A, S)."""
        pairs = zip(self.offsets, self.articles, strict=False)
        return range_means(self.states, [(offset, article.segments) for offset, article in pairs])
