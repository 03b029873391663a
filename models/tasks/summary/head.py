"""The head of the summaries: which sentences carry the story, and a decoder that rewrites them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel, DynamicCache, EncoderDecoderCache

from models.network.bert import CACHE, bert, check_layers
from models.network.heads import Head, dense
from models.network.network import Network
from models.network.padding import pad, ranges
from models.network.states import EncodedArticles

MAX_POSITION = 64


@dataclass(frozen=True, slots=True)
class Memory:
    """What the decoder reads: states and which of them are real, one row a sentence."""

    states: Tensor  # (rows, M, H)
    mask: Tensor  # (rows, M)


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """A sentence to rewrite: its tokens `first` to `last`, and the first token of each word."""

    article: int
    first: int
    last: int
    words: Sequence[int]


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
        self.dense = dense(hidden)
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


class SummaryHead(Head):
    """Salience, decoder and writer. The decoder shares the encoder's embeddings."""

    def __init__(
        self, network: Network, words: int, decoder_layers: int, salience_layers: int
    ) -> None:
        super().__init__()
        check_layers(salience_layers)
        self.salience = SalienceHead(network.encoder.config, salience_layers)
        self.decoder = bert(
            network.shape,
            num_hidden_layers=decoder_layers,
            is_decoder=True,
            add_cross_attention=True,
        )
        self.decoder.embeddings = network.encoder.embeddings
        self.writer = WriterHead(network.hidden, words)

    def lower_precision(self, dtype: torch.dtype) -> None:
        for module in (self.decoder, self.writer):
            nn.Module.to(module, dtype)

    def file_name(self, task: str, name: str) -> str:
        """The file names plain layers of BERT. Embeddings that are shared are the encoder's."""
        part, *rest = name.split(".")
        if part == "decoder":
            shared = rest[0] == "embeddings"
            return ".".join(["encoder", *rest] if shared else [part, *rest[1:]])
        if (part, rest[0]) == ("salience", "layers"):
            _, number, ours, kind = rest
            return f"salience.layers.layer.{number}.{BERT_NAMES[ours]}.{kind}"
        return name

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
        words = self.decoder.get_input_embeddings()(pieces)  # type: ignore[no-untyped-call]
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

    def warm_start(self, encoder: BertModel, own_pieces: list[int]) -> None:
        """Starts the stacks from the encoder's upper layers, and the own words from its pieces."""
        layers = list(encoder.encoder.layer)
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
            embeddings = encoder.embeddings.word_embeddings.weight
            self.writer.own.weight.copy_(embeddings[own_pieces])


def salience(head: SummaryHead, states: EncodedArticles) -> Tensor:
    """How well each sentence carries its story: (A, S), −inf where there is none.

    Sentences are numbered without the title.
    """
    means, mask = states.sentences
    titles = torch.tensor([article.title is not None for article in states.articles])
    if not titles.any():
        return cast(Tensor, head.salience(means, mask))
    order = torch.arange(means.shape[1]) + titles[:, None].long()
    order = order.clamp(max=means.shape[1] - 1).to(states.device)
    counts = torch.tensor([len(article.sentences) for article in states.articles])
    mask = (torch.arange(means.shape[1]) < counts[:, None]).to(states.device)
    means = means.gather(1, order[..., None].expand_as(means))
    return cast(Tensor, head.salience(means, mask))


def memory_of(
    states: EncodedArticles, sentences: Sequence[SourceSentence]
) -> tuple[Memory, Tensor]:
    """The memory of some sentences to rewrite, and the states of their words (P, W, H)."""
    pairs = [(sentence, states.offsets[sentence.article]) for sentence in sentences]
    index, mask = ranges([(each.first + o, each.last + o) for each, o in pairs])
    words, _ = pad([[token + o for token in each.words] for each, o in pairs])
    memory = Memory(states.states[index.to(states.device)], mask.to(states.device))
    return memory, states.states[words.to(states.device)]
