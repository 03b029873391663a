"""The network: an encoder, the heads of the tasks, and readers.

The encoder reads articles, once for all tasks. A reader reads each question with the passages that
bear on it: a small one with the encoder's shape and embeddings (`fast`), and a large one (`full`),
which is in the network only where it is used. Letters in shape comments: N tokens of all articles,
A articles, S sentences, P questions, H hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from models.article import Tier
from models.network.bodies import bert
from models.network.heads import Head
from models.network.reader import Reader


class Network(nn.Module):
    """Encoder, heads and readers. Pure tensors in and out; it knows no text.

    `shape` is the encoder's configuration. `heads` make the head of each task on a network whose
    encoder is there.
    """

    def __init__(
        self,
        shape: Mapping[str, object],
        heads: Mapping[str, Callable[[Network], Head]],
        readers: Mapping[Tier, Reader],
    ) -> None:
        super().__init__()
        self.shape = dict(shape)
        self.encoder = bert(shape)
        self.heads = nn.ModuleDict({name: make(self) for name, make in heads.items()})
        self.readers = nn.ModuleDict()
        for tier, reader in readers.items():
            self.add_reader(tier, reader)

    def head(self, task: str) -> Head:
        """The head of a task."""
        return cast(Head, self.heads[task])

    def reader(self, tier: Tier) -> Reader:
        """A reader that is there. Raises KeyError."""
        return cast(Reader, self.readers[tier.value])

    def add_reader(self, tier: Tier, reader: Reader) -> None:
        """Takes a reader in. A small one shares the embeddings of the encoder."""
        if tier is Tier.FAST:
            reader.body.embeddings = self.encoder.embeddings
        self.readers[tier.value] = reader

    @property
    def hidden(self) -> int:
        """The size of a state."""
        return int(self.encoder.config.hidden_size)

    @property
    def positions(self) -> int:
        """The most tokens that a window may have."""
        return int(self.encoder.config.max_position_embeddings)

    @property
    def vocabulary(self) -> int:
        """How many word pieces there are."""
        return int(self.encoder.config.vocab_size)

    def lower_precision(self, dtype: torch.dtype) -> None:
        """Puts what is heavy in `dtype`; each head decides for itself."""
        nn.Module.to(self.encoder, dtype)
        for task in self.heads:
            self.head(task).lower_precision(dtype)
        for name in self.readers:
            self.reader(Tier(name)).lower_precision(dtype)

    def encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The states of some windows: (rows, tokens) → (rows, tokens, H)."""
        return cast(Tensor, self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)
