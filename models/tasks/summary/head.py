"""The head of the summaries: which sentences tell the news, which parts of them may go, and whether
what is left is well formed.

Every answer is one pass: nothing is written word by word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from models.encoding.tokens import Integers
from models.network.bodies import check_layers
from models.network.heads import Head, dense
from models.network.network import Network
from models.network.padding import ranges
from models.network.passes import encoded, range_means
from models.network.states import EncodedArticles

MAX_POSITION = 64
SPAN_SIZE = 256
SCORES = ("written", "extractive", "alone")
"""What is said of each sentence: whether it belongs in a written summary, in an extractive one, and
whether it stands alone."""


@dataclass(frozen=True, slots=True)
class SpanTokens:
    """A span of an article in a batch: its tokens `first` to `last` (not included)."""

    article: int
    first: int
    last: int


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


class ChoosingHead(nn.Module):
    """Scores of each sentence, given the others (after Liu and Lapata 2019, D19-1387)."""

    def __init__(self, config: BertConfig, layers: int) -> None:
        super().__init__()
        self.position = nn.Embedding(MAX_POSITION, config.hidden_size)
        self.layers = nn.ModuleList(SentenceLayer(config) for _ in range(layers))
        self.out = nn.Linear(config.hidden_size, len(SCORES))
        nn.init.zeros_(self.position.weight)

    def forward(self, sentences: Tensor, mask: Tensor, titled: Tensor) -> Tensor:
        """`sentences` (A, S, H), which of them are real (A, S), and whether the first is the title
        (A) → (A, S, scores)."""
        order = torch.arange(sentences.shape[1], device=sentences.device) + ~titled[:, None]
        states = sentences + self.position(order.clamp(max=MAX_POSITION - 1))
        for layer in self.layers:
            states = layer(states, mask)
        scores = self.out(states).float()
        return cast(Tensor, scores.masked_fill(~mask[..., None], -torch.inf))


class DeletingHead(nn.Module):
    """Whether a span of a sentence may go, by the states at its ends and beside them."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.ends = nn.Linear(4 * hidden, SPAN_SIZE)
        self.inside = nn.Linear(hidden, SPAN_SIZE)
        self.norm = nn.LayerNorm(SPAN_SIZE)
        self.out = nn.Linear(SPAN_SIZE, 1)

    def forward(self, ends: Tensor, inside: Tensor) -> Tensor:
        """`ends` (C, 4, H): before, first, last, behind; `inside` (C, H), the mean → (C)."""
        state = functional.gelu(self.ends(ends.flatten(1)) + self.inside(inside))
        return cast(Tensor, self.out(self.norm(state)).squeeze(-1).float())


class SummaryHead(Head):
    """Choosing, deleting, and whether a sentence is well formed."""

    def __init__(self, network: Network, layers: int) -> None:
        super().__init__()
        check_layers(layers)
        hidden = network.hidden
        self.choosing = ChoosingHead(network.encoder.config, layers)
        self.deleting = DeletingHead(hidden)
        self.form = nn.Sequential(dense(hidden, 2 * hidden), nn.Linear(hidden, 1))

    def warm_start(self, encoder: BertModel) -> None:
        """Starts the layers over sentences from the encoder's upper ones."""
        mine, its = list(self.choosing.layers), list(encoder.encoder.layer)
        for layer, upper in zip(mine, its[-len(mine) :], strict=True):
            for name, theirs in BERT_NAMES.items():
                state = upper.get_submodule(theirs).state_dict()
                layer.get_submodule(name).load_state_dict(state)


def sentence_scores(head: SummaryHead, states: EncodedArticles) -> Tensor:
    """Scores of the sentences of each article, without its title: (A, S, scores)."""
    titled = torch.tensor([article.title is not None for article in states.articles])
    titled = titled.to(states.device)
    scores: Tensor = head.choosing(*states.sentences, titled)
    behind = scores.roll(-1, 1)
    behind[:, -1] = -torch.inf
    return torch.where(titled[:, None, None], behind, scores)


def deletable(head: SummaryHead, states: EncodedArticles, spans: Sequence[SpanTokens]) -> Tensor:
    """Logits of some spans of articles: that each may go (C)."""
    inside = [
        (states.offsets[span.article] + span.first, states.offsets[span.article] + span.last)
        for span in spans
    ]
    ends = torch.tensor([(first - 1, first, last - 1, last) for first, last in inside])
    index, mask = (each.to(states.device) for each in ranges(inside))
    read = states.states[index].float() * mask[..., None]
    means = read.sum(1) / mask.sum(1, keepdim=True)
    return cast(Tensor, head.deleting(states.states[ends.to(states.device)].float(), means))


def well_formed(
    head: SummaryHead, network: Network, sentences: Sequence[Integers], budget_tokens: int
) -> Tensor:
    """Logits of sentences, `[CLS] … [SEP]` each, read alone: that they are well formed (P)."""
    device = next(network.parameters()).device
    states = encoded(network.encode, sentences, budget_tokens, device)
    begins = [0]
    for each in sentences:
        begins.append(begins[-1] + len(each))
    rows = [
        (begin, [(0, 1), (1, max(len(each) - 1, 2))])
        for begin, each in zip(begins, sentences, strict=False)
    ]
    means, _ = range_means(states, rows)
    return cast(Tensor, head.form(means.flatten(1)).squeeze(-1).float())
