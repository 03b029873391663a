"""BERT (Devlin et al. 2019, N19-1423): the encoder, the reader and the decoder are built from it.

Parameters have the names that the transformers library gives them. The same weights give the same
states as there, to the last bit. The library itself is not imported, because that takes longer than
the rest of a start. Letters in shape comments: B rows, T tokens, M memory tokens, H hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": functional.gelu,
    "relu": functional.relu,
}


@dataclass(frozen=True, slots=True)
class BertShape:
    """The part of a BERT configuration that says what the network is, with BERT's own defaults."""

    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    pad_token_id: int | None = 0

    def __post_init__(self) -> None:
        if self.hidden_size % self.num_attention_heads:
            raise ValueError("the hidden size is not a multiple of the number of attention heads")
        if self.hidden_act not in ACTIVATIONS:
            raise ValueError(f"the activation is one of {', '.join(ACTIVATIONS)}")


@dataclass(slots=True)
class Cache:
    """The keys and values of a decoder that writes one word at a time: those of each layer, for
    the words so far and for the memory."""

    words: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    memory: list[tuple[Tensor, Tensor]] = field(default_factory=list)

    @property
    def length(self) -> int:
        """How many words it holds."""
        return self.words[0][0].shape[2] if self.words else 0

    def keep(self, rows: Tensor) -> None:
        """Drop all rows but these."""
        for layers in (self.words, self.memory):
            layers[:] = [(keys[rows], values[rows]) for keys, values in layers]


def embedding(rows: int, hidden: int, padding: int | None = None) -> nn.Embedding:
    """An embedding that is not filled yet.

    `nn.Embedding` fills it at random. On the meta device, where an artifact's network is built,
    that makes torch import its compiler, for seconds.
    """
    empty = torch.empty(rows, hidden)
    made = nn.Embedding.from_pretrained(empty, False, padding)  # type: ignore[no-untyped-call]
    return cast(nn.Embedding, made)


class Embeddings(nn.Module):
    """Words, positions and the first token type, which is the only one in use."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        hidden = shape.hidden_size
        self.word_embeddings = embedding(shape.vocab_size, hidden, shape.pad_token_id)
        self.position_embeddings = embedding(shape.max_position_embeddings, hidden)
        self.token_type_embeddings = embedding(shape.type_vocab_size, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, shape.layer_norm_eps)
        self.dropout = nn.Dropout(shape.hidden_dropout_prob)

    def forward(self, words: Tensor, begin: int = 0) -> Tensor:
        """`words` (B, T, H) are embedded already; the first one stands at position `begin`."""
        place = torch.arange(begin, begin + words.shape[1], device=words.device)
        states = words + self.token_type_embeddings.weight[0]
        states = states + self.position_embeddings(place)
        normed: Tensor = self.dropout(self.LayerNorm(states))
        return normed


class Output(nn.Module):
    """The end of each half of a layer: a matrix, and what came in added to it."""

    def __init__(self, size: int, shape: BertShape) -> None:
        super().__init__()
        self.dense = nn.Linear(size, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)
        self.dropout = nn.Dropout(shape.hidden_dropout_prob)

    def forward(self, states: Tensor, came_in: Tensor) -> Tensor:
        normed: Tensor = self.LayerNorm(self.dropout(self.dense(states)) + came_in)
        return normed


class Heads(nn.Module):
    """Queries, keys and values of some attention heads."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        hidden = shape.hidden_size
        self.size = hidden // shape.num_attention_heads
        self.dropout = shape.attention_probs_dropout_prob
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)

    def keys_and_values(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Of states (B, T, H), for each head (B, heads, T, size)."""
        return self._split(self.key(states)), self._split(self.value(states))

    def forward(
        self, states: Tensor, read: tuple[Tensor, Tensor], mask: Tensor | None, *, is_causal: bool
    ) -> Tensor:
        """What the states (B, T, H) find in what they read."""
        found = functional.scaled_dot_product_attention(
            self._split(self.query(states)),
            *read,
            attn_mask=mask,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=is_causal,
            scale=self.size**-0.5,
        )
        return found.transpose(1, 2).flatten(2)

    def _split(self, states: Tensor) -> Tensor:
        return states.view(*states.shape[:-1], -1, self.size).transpose(1, 2)


class Attention(nn.Module):
    """A half of a layer that attends: to its own states, or to others."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.self = Heads(shape)
        self.output = Output(shape.hidden_size, shape)

    def forward(
        self,
        states: Tensor,
        read: tuple[Tensor, Tensor],
        mask: Tensor | None = None,
        *,
        is_causal: bool = False,
    ) -> Tensor:
        attended: Tensor = self.output(self.self(states, read, mask, is_causal=is_causal), states)
        return attended


class Intermediate(nn.Module):
    """The wide inner matrix of a layer."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.dense = nn.Linear(shape.hidden_size, shape.intermediate_size)
        self.activation = ACTIVATIONS[shape.hidden_act]

    def forward(self, states: Tensor) -> Tensor:
        return self.activation(self.dense(states))


class Layer(nn.Module):
    """A layer. One that `reads` attends to a memory too, between its two halves."""

    def __init__(self, shape: BertShape, *, reads: bool) -> None:
        super().__init__()
        self.attention = Attention(shape)
        if reads:
            self.crossattention = Attention(shape)
        self.intermediate = Intermediate(shape)
        self.output = Output(shape.intermediate_size, shape)

    def forward(self, states: Tensor, mask: Tensor | None) -> Tensor:
        """The layer of an encoder, whose states (B, T, H) attend to each other."""
        read = self.attention.self.keys_and_values(states)
        return self.feed(self.attention(states, read, mask))

    def feed(self, states: Tensor) -> Tensor:
        """The second half."""
        fed: Tensor = self.output(self.intermediate(states), states)
        return fed


class Layers(nn.Module):
    """The layers of a BERT, one after the other."""

    def __init__(self, shape: BertShape, *, reads: bool) -> None:
        super().__init__()
        layers = range(shape.num_hidden_layers)
        self.layer = nn.ModuleList(Layer(shape, reads=reads) for _ in layers)

    def __iter__(self) -> Iterator[Layer]:
        return cast(Iterator[Layer], iter(self.layer))


class Bert(nn.Module):
    """Embeddings and layers. What goes through them is said by the classes below."""

    def __init__(self, shape: BertShape, *, reads: bool) -> None:
        super().__init__()
        self.shape = shape
        self.embeddings = Embeddings(shape)
        self.encoder = Layers(shape, reads=reads)
        self.apply(self._start)

    def _start(self, module: nn.Module) -> None:
        """Random weights, as BERT starts with. None where there is no memory for them yet."""
        if any(weights.is_meta for weights in module.parameters(recurse=False)):
            return
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=self.shape.initializer_range)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)
        if isinstance(module, nn.Embedding) and module.padding_idx is not None:
            with torch.no_grad():
                module.weight[module.padding_idx].fill_(0)


class Encoder(Bert):
    """A BERT that reads texts."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__(shape, reads=False)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The states of some texts: (B, T), (B, T) → (B, T, H)."""
        states: Tensor = self.embeddings(self.embeddings.word_embeddings(ids))
        seen = _mask(mask, ids.shape[1])
        for layer in self.encoder:
            states = layer(states, seen)
        return states


class Decoder(Bert):
    """A BERT that writes, while it reads a memory."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__(shape, reads=True)

    def forward(self, words: Tensor, memory: Tensor, mask: Tensor, cache: Cache | None) -> Tensor:
        """The states while writing: (B, T, H), (B, M, H), (B, M) → (B, T, H).

        Each word sees those before it. With a cache the words, or a single one once it holds some,
        come after those that it holds.
        """
        states: Tensor = self.embeddings(words, cache.length if cache else 0)
        seen = _mask(mask, words.shape[1])
        is_causal = words.shape[1] > 1
        for number, layer in enumerate(self.encoder):
            read = layer.attention.self.keys_and_values(states)
            if cache is not None:
                read = _extended(cache.words, number, read)
            states = layer.attention(states, read, is_causal=is_causal)
            heads = layer.crossattention.self
            if cache is None:
                there = heads.keys_and_values(memory)
            else:
                if number == len(cache.memory):
                    cache.memory.append(heads.keys_and_values(memory))
                there = cache.memory[number]
            states = layer.feed(layer.crossattention(states, there, seen))
        return states


def _mask(mask: Tensor, tokens: int) -> Tensor | None:
    """Which tokens (B, T) are seen, as attention takes it; None, which is faster, for all."""
    return None if mask.all() else mask[:, None, None].expand(-1, -1, tokens, -1)


def _extended(
    layers: list[tuple[Tensor, Tensor]], number: int, new: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """The keys and values of a layer with those of new words, which are kept."""
    if number == len(layers):
        layers.append(new)
    else:
        (keys, values), (more_keys, more_values) = layers[number], new
        layers[number] = torch.cat([keys, more_keys], 2), torch.cat([values, more_values], 2)
    return layers[number]
