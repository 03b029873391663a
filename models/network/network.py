"""The network: an encoder, a reader, a decoder, and the heads of the three tasks.

The encoder reads articles, once for all tasks; the reader has the same shape and reads each target
with the passages that mention it; the decoder writes. They are BERT models of the transformers
library that share one module of embeddings; what is ours is what stands on them. All states of a
batch lie in one flat tensor, article after article, and heads gather from it by index. Letters in
shape comments: N tokens of all articles, A articles, S sentences, P questions or sentences to
rewrite, T words, M memory tokens, W words to point at, H hidden, G words of the writer's own.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from inspect import signature
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel, DynamicCache, EncoderDecoderCache

MAX_POSITION = 64
MAX_LAYERS = 64
HEAD_DROPOUT = 0.1
PATH_DROPOUT = 0.3
"""How often training takes the target's state away from a stance, so that the sentences that are
given as evidence learn to carry it."""
END = 0
"""The writer's own word 0: the end of the sentence."""
CACHE = "cache" if "cache" in signature(BertModel.forward).parameters else "past_key_values"
"""What BertModel calls the cache of keys and values: the second up to transformers 5.23."""


ENCODER_SHAPE = frozenset(
    {
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob",
        "max_position_embeddings", "type_vocab_size", "initializer_range", "layer_norm_eps",
        "pad_token_id",
    }
)  # fmt: skip
"""The part of a BERT configuration that says what the network is."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The shape of a network: the encoder's BERT configuration and the sizes of the rest.

    Raises ValueError for what no network has, so that one never begins to be built without end.
    """

    encoder: dict[str, object]
    topics: int
    stances: int
    writer_words: int
    decoder_layers: int = 3
    salience_layers: int = 1

    def __post_init__(self) -> None:
        if self.encoder.keys() - ENCODER_SHAPE:
            raise ValueError("the encoder's configuration has entries that are not read")
        encoder_layers = self.encoder.get("num_hidden_layers", 1)
        for layers in (encoder_layers, self.decoder_layers, self.salience_layers):
            if type(layers) is not int or not 1 <= layers <= MAX_LAYERS:
                raise ValueError(f"each stack has 1 to {MAX_LAYERS} layers")
        for size in (self.topics, self.stances, self.writer_words):
            if type(size) is not int or size < 1:
                raise ValueError("each head has one output at least")


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder reads: states and which of them are real, one row an article or sentence."""

    states: Tensor  # (rows, M, H)
    mask: Tensor  # (rows, M)


@dataclass(frozen=True, slots=True)
class HeadOutput:
    """Label logits of some texts, and what each sentence adds to them."""

    logits: Tensor  # (rows, labels)
    contributions: Tensor  # (rows, S, labels)

    def row(self, number: int) -> HeadOutput:
        """One of the texts: logits (labels), contributions (S, labels)."""
        return HeadOutput(self.logits[number], self.contributions[number])


def _bert(config: dict[str, object], **changes: object) -> BertModel:
    bert = BertConfig.from_dict({**deepcopy(config), **changes}, attn_implementation="sdpa")
    return BertModel(bert, add_pooling_layer=False)


def _dense(hidden: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(hidden, hidden), nn.GELU(), nn.LayerNorm(hidden), nn.Dropout(HEAD_DROPOUT)
    )


def segment_mean(states: Tensor, segment: Tensor, count: int) -> Tensor:
    """Means of rows by segment: (N, H), (N,) → (count, H), in float32.

    Rows of segment `count` are left out. The order of addition is that of the rows, whatever else
    is in the batch, so that the same article gets the same mean.
    """
    total = states.new_zeros(count + 1, states.shape[1], dtype=torch.float32)
    total.index_add_(0, segment, states.float())
    number = torch.bincount(segment, minlength=count + 1)[:count].clamp(min=1)
    return total[:count] / number[:, None]


class PooledHead(nn.Module):
    """Label logits as a weighted sum over sentences, so that each sentence's share is exact.

    Attention pooling after Yang et al. 2016 (N16-1174), with logits linear in the pooled states.
    """

    def __init__(self, hidden: int, labels: int) -> None:
        super().__init__()
        self.value = _dense(hidden)
        self.weight = nn.Sequential(nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1))
        self.out = nn.Linear(hidden, labels)
        nn.init.zeros_(cast(nn.Linear, self.weight[2]).weight)

    def forward(self, sentences: Tensor, mask: Tensor) -> HeadOutput:
        weight = self.weight(sentences).squeeze(-1)  # (A, S)
        share = weight.float().masked_fill(~mask, -torch.inf).softmax(-1)
        each = functional.linear(self.value(sentences), self.out.weight).float()  # (A, S, labels)
        contributions = share[..., None] * each
        return HeadOutput(contributions.sum(1) + self.out.bias.float(), contributions)


class SentenceLayer(nn.Module):
    """One layer of BERT over states of sentences, which have no embeddings."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        hidden, inner = config.hidden_size, config.intermediate_size
        self.heads = config.num_attention_heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.attended = nn.Linear(hidden, hidden)
        self.attended_norm = nn.LayerNorm(hidden, config.layer_norm_eps)
        self.inner = nn.Linear(hidden, inner)
        self.outer = nn.Linear(inner, hidden)
        self.norm = nn.LayerNorm(hidden, config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.attention_dropout = config.attention_probs_dropout_prob

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        """`states` (A, S, H) and which of them are seen, `mask` (A, S) → (A, S, H)."""
        query, key, value = (
            part(states).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        seen = functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask[:, None, None],
            dropout_p=self.attention_dropout if self.training else 0.0,
        )
        attended = self.dropout(self.attended(seen.transpose(1, 2).flatten(2)))
        states = self.attended_norm(attended + states)
        new = self.dropout(self.outer(functional.gelu(self.inner(states))))
        return cast(Tensor, self.norm(new + states))


BERT_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attended": "attention.output.dense",
    "attended_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "norm": "output.LayerNorm",
}
"""What the parts of a `SentenceLayer` are called in a layer of BERT."""


class SalienceHead(nn.Module):
    """How well each sentence carries the story, given the others (Liu and Lapata 2019)."""

    def __init__(self, config: BertConfig, layers: int) -> None:
        super().__init__()
        self.position = nn.Embedding(MAX_POSITION, config.hidden_size)
        self.layers = nn.ModuleList(SentenceLayer(config) for _ in range(layers))
        self.out = nn.Linear(config.hidden_size, 1)
        nn.init.zeros_(self.position.weight)

    def forward(self, sentences: Tensor, mask: Tensor) -> Tensor:
        order = torch.arange(sentences.shape[1], device=sentences.device)
        states = sentences + self.position(order.clamp(max=MAX_POSITION - 1))
        for layer in self.layers:
            states = layer(states, mask)
        scores = self.out(states).squeeze(-1).float()
        return cast(Tensor, scores.masked_fill(~mask, -torch.inf))  # (A, S)


class StanceHead(nn.Module):
    """Stance logits from a target's state and the sentences that were read with it."""

    def __init__(self, hidden: int, stances: int) -> None:
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.mix = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.dense = _dense(hidden)
        self.out = nn.Linear(hidden, stances)
        self.out_sentence = nn.Linear(hidden, stances, bias=False)

    def forward(self, read: Tensor, sentences: Tensor, mask: Tensor) -> HeadOutput:
        """`read` (P, H); `sentences` (P, S, H) and `mask` (P, S) of each question."""
        weight = (self.key(sentences) @ self.query(read)[..., None]).squeeze(-1)  # (P, S)
        weight = weight.float() / read.shape[-1] ** 0.5
        share = weight.masked_fill(~mask, -torch.inf).softmax(-1)
        value = functional.gelu(self.value(sentences) + self.mix(read)[:, None])
        contributions = share[..., None] * self.out_sentence(value).float()  # (P, S, stances)
        state = self.dense(read)
        if self.training:
            state = state * (torch.rand_like(state[:, :1]) >= PATH_DROPOUT)
        return HeadOutput(self.out(state).float() + contributions.sum(1), contributions)


class WriterHead(nn.Module):
    """Scores for the next word: the writer's few own words, and the source's words by position.

    A pointer network (Vinyals et al. 2015) beside a small vocabulary (See et al. 2017, P17-1099),
    with a learned cue toward the source word after the one copied last.
    """

    def __init__(self, hidden: int, words: int) -> None:
        super().__init__()
        self.copied = nn.Linear(hidden, hidden)
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.gate = nn.Linear(hidden, 2)
        self.dense = _dense(hidden)
        self.own = nn.Linear(hidden, words)
        nn.init.zeros_(self.copied.weight)
        nn.init.zeros_(self.copied.bias)

    def forward(self, read: Tensor, words: Tensor, follows: Tensor) -> Tensor:
        """`read` (P, T, H), `words` (P, W, H), `follows` (P, T, W) → logits (P, T, G + W).

        `follows` marks the source word after the one copied last. Words that are not there are
        left for the caller to mask.
        """
        own = self.own(self.dense(read))  # (P, T, G)
        point = self.query(read) @ self.key(words).transpose(1, 2) / read.shape[-1] ** 0.5
        gate = self.gate(read)
        point = point + gate[..., :1] + gate[..., 1:] * follows
        return torch.cat([own, point], -1).float()


class Network(nn.Module):
    """Encoder, decoder and heads. Pure tensors in and out; it knows no text."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = _bert(config.encoder)
        self.decoder = _bert(
            config.encoder,
            num_hidden_layers=config.decoder_layers,
            is_decoder=True,
            add_cross_attention=True,
        )
        hidden = self.encoder.config.hidden_size
        self.topic = PooledHead(hidden, config.topics)
        self.salience = SalienceHead(self.encoder.config, config.salience_layers)
        self.stance = StanceHead(hidden, config.stances)
        self.writer = WriterHead(hidden, config.writer_words)
        self.overall = PooledHead(hidden, config.stances)
        self.reader = _bert(config.encoder)
        self.reader.embeddings = self.decoder.embeddings = self.encoder.embeddings

    @property
    def positions(self) -> int:
        """The most tokens that a window may have."""
        return int(self.encoder.config.max_position_embeddings)

    @property
    def vocabulary(self) -> int:
        """How many word pieces there are."""
        return int(self.encoder.config.vocab_size)

    @property
    def _word_embeddings(self) -> nn.Embedding:
        return cast(nn.Embedding, self.encoder.get_input_embeddings())  # type: ignore[no-untyped-call]

    def lower_precision(self, dtype: torch.dtype) -> None:
        """Puts what is heavy in `dtype`, all but the label heads, which keep float32."""
        for module in (self.encoder, self.reader, self.decoder, self.writer):
            nn.Module.to(module, dtype)

    def encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The states of some windows: (rows, tokens) → (rows, tokens, H)."""
        return cast(Tensor, self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state)

    def read(self, ids: Tensor, mask: Tensor) -> Tensor:
        """The states of some questions: (rows, tokens) → (rows, tokens, H)."""
        return cast(Tensor, self.reader(input_ids=ids, attention_mask=mask).last_hidden_state)

    def write(
        self,
        pieces: Tensor,
        copied: Tensor,
        memory: Memory,
        cache: EncoderDecoderCache | None = None,
    ) -> Tensor:
        """The decoder's states while writing: (P, T, H), each word seeing those before it.

        `pieces` (P, T) are first word pieces, `copied` (P, T, H) the source states of the words
        (0 for own words). With a cache they are the words after those that it holds.
        """
        begin = 0 if cache is None else cache.get_seq_length()
        words = self._word_embeddings(pieces)
        written = self.decoder(
            inputs_embeds=words + self.writer.copied(copied),
            position_ids=torch.arange(begin, begin + pieces.shape[1], device=pieces.device)[None],
            encoder_hidden_states=memory.states,
            encoder_attention_mask=memory.mask,
            use_cache=cache is not None,
            **{CACHE: cache},
        )
        return cast(Tensor, written.last_hidden_state)

    def new_cache(self) -> EncoderDecoderCache:
        """An empty key-value cache for `write`, one word at a time."""
        config = self.decoder.config
        return EncoderDecoderCache(DynamicCache(config=config), DynamicCache(config=config))

    def warm_start(self, own_pieces: list[int]) -> None:
        """Starts reader and decoder from the encoder's layers, the writer's words from its."""
        self.reader.encoder.load_state_dict(self.encoder.encoder.state_dict())
        layers = list(self.encoder.encoder.layer)
        decoder = list(self.decoder.encoder.layer)
        for mine, its in zip(decoder, layers[-len(decoder) :], strict=True):
            state = its.state_dict()
            across = {
                name.replace("attention.", "crossattention.", 1): tensor
                for name, tensor in state.items()
                if name.startswith("attention.")
            }
            mine.load_state_dict(state | across)
        salience = list(self.salience.layers)
        for mine, its in zip(salience, layers[-len(salience) :], strict=True):
            for name, theirs in BERT_NAMES.items():
                mine.get_submodule(name).load_state_dict(its.get_submodule(theirs).state_dict())
        with torch.no_grad():
            self.writer.own.weight.copy_(self._word_embeddings.weight[own_pieces])
