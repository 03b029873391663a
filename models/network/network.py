"""The network: an encoder, a reader, and the heads of the tasks.

The encoder reads articles, once for all tasks. The reader has the same shape and reads each target
with the passages that mention it. Both are BERT models of the transformers library and share one
module of embeddings. Letters in shape comments: N tokens of all articles, A articles, S sentences,
P targets or sentences to rewrite, T words, M memory tokens, W words to point at, H hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import torch
from torch import Tensor, nn

from models.network.bert import bert
from models.network.heads import Head


class Network(nn.Module):
    """Encoder, reader and heads. Pure tensors in and out; it knows no text.

    `shape` is the encoder's BERT configuration. `heads` make the head of each task on a network
    whose encoder is there.
    """

    def __init__(
        self, shape: Mapping[str, object], heads: Mapping[str, Callable[[Network], Head]]
    ) -> None:
        super().__init__()
        self.shape = dict(shape)
        self.encoder = bert(shape)
        self.reader = bert(shape)
        self.reader.embeddings = self.encoder.embeddings
        self.heads = nn.ModuleDict({name: make(self) for name, make in heads.items()})

    def head(self, task: str) -> Head:
        """The head of a task."""
        return cast(Head, self.heads[task])

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
        for module in (self.encoder, self.reader):
            nn.Module.to(module, dtype)
        for task in self.heads:
            self.head(task).lower_precision(dtype)

    def encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The states of some windows: (rows, tokens) → (rows, tokens, H)."""
        return cast(Tensor, self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)

    def read(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The states of targets with their passages: (rows, tokens) → (rows, tokens, H)."""
        return cast(Tensor, self.reader(input_ids=ids, attention_mask=mask).last_hidden_state)
