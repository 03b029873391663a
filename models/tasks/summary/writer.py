"""The decoder as a writer: rewrites sentences word by word, all of them in parallel.

Each step takes the likeliest next word: a word of the source, by its place, or one of the writer's
own. The probabilities of the same word at several places are added up. K = G + W numbers the
choices of a row: the writer's own words, then the places of the source.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.encoding.tokens import Encoded, Sentence, Word
from models.network.states import EncodedArticles
from models.tasks.summary.head import Memory, SourceSentence, SummaryHead, memory_of
from models.tasks.summary.own_words import END, OwnWords
from models.text.words import is_content, normal

MIN_WORDS = 5
MAX_WORDS = 40
MAX_SOURCE_WORDS = 90
COMPACT_EVERY = 6
UNLIMITED = 1000
MIN_END, SURE_END = 0.1, 0.7
"""From which probability on a sentence may end, and from which it does."""
MIN_LOG_PROB = -1.1
LOST_LOG_PROB = -3.0
"""Where no next word is likelier than this, and there was an end before, the writer is lost."""


@dataclass(frozen=True, slots=True)
class Request:
    """A sentence to rewrite: the number of its article in the batch, and its words.

    `article_words` are all words of the article as they are compared, `spellings` as it has them.
    """

    article: int
    encoded: Encoded
    sentence: Sentence
    words: Sequence[Word]
    article_words: frozenset[str]
    spellings: frozenset[str]

    def normal_words(self) -> list[str]:
        return [normal(self.encoded.text[word.start : word.end]) for word in self.words]


@dataclass(slots=True)
class Draft:
    """What was written for a request, and where it may end.

    `words` are places in the request's words (≥ 0), or −1 − the number of an own word. `ends` are
    lengths at which the sentence may end, each with the mean log probability of the words up to
    there and the end. `done`: the writer would go no further.
    """

    words: list[int] = field(default_factory=list)
    ends: list[tuple[int, float]] = field(default_factory=list)
    done: bool = False
    _log_prob: float = 0.0

    def add(self, word: int, log_prob: float, end: float) -> None:
        """Takes the next word, after noting how likely the end was instead of it."""
        length = len(self.words)
        if length >= MIN_WORDS and end >= MIN_END:
            self.ends.append((length, (self._log_prob + math.log(end)) / (length + 1)))
            self.done = end >= SURE_END
        self.done = self.done or bool(self.ends and log_prob < LOST_LOG_PROB)
        if not self.done:
            self.words.append(word)
            self._log_prob += log_prob

    def best_ends(self) -> list[int]:
        """The lengths at which it may end, likeliest first, down to `MIN_LOG_PROB`."""
        ends = sorted(self.ends, key=lambda end: -end[1])
        return [length for length, log_prob in ends if log_prob >= MIN_LOG_PROB]


class Writer:
    """Rewrites sentences of articles that have been read."""

    def __init__(
        self, head: SummaryHead, own: OwnWords, own_pieces: Sequence[int], write_id: int
    ) -> None:
        self._head, self._own, self._write_id = head, own, write_id
        self._own_pieces = torch.tensor(own_pieces)

    def rewrite(self, states: EncodedArticles, requests: Sequence[Request]) -> list[Draft]:
        """One draft for each request; all are written side by side."""
        if not requests:
            return []
        sources = [
            SourceSentence(r.article, r.sentence.first, r.sentence.last, [w.token for w in r.words])
            for r in requests
        ]
        memory, words = memory_of(states, sources)
        pages = _Pages(requests, self._own, words)
        drafts = [Draft() for _ in requests]
        writing = drafts
        cache = self._head.new_cache()
        for step in range(MAX_WORDS + 1):
            pieces, copied = pages.latest(self._own_pieces, self._write_id)
            read = self._head.write(pieces, copied, memory, cache)
            logits = self._head.writer(read, pages.words, pages.follows())[:, 0]
            for draft, word, log_prob, end in zip(writing, *pages.take(logits), strict=True):
                if not draft.done:
                    draft.add(word, log_prob, end)
            alive = [row for row, draft in enumerate(writing) if not draft.done]
            if not alive:
                break
            if step % COMPACT_EVERY == COMPACT_EVERY - 1 and len(alive) < len(writing):
                writing = [writing[row] for row in alive]
                rows = torch.tensor(alive, device=words.device)
                memory = Memory(memory.states[rows], memory.mask[rows])
                cache.batch_select_indices(rows)
                pages.keep(rows)
        return drafts


class _Pages:
    """What is being written in all rows: which choices there are, and what was chosen last."""

    def __init__(self, requests: Sequence[Request], own: OwnWords, words: Tensor) -> None:
        device, size = words.device, len(own) + words.shape[1]
        tables = [_choices(request, own, size) for request in requests]
        self.words = words  # (P, W, H)
        self._own = len(own)
        self._there = torch.from_numpy(np.stack([t.there for t in tables])).to(device)  # (P, K)
        self._same = torch.from_numpy(np.stack([t.same for t in tables])).to(device)  # (P, K)
        self._left = torch.from_numpy(np.stack([t.left for t in tables])).to(device)  # (P, K)
        self._pieces = [[int(r.encoded.ids[w.token]) for w in r.words] for r in requests]
        self._source = torch.zeros(len(requests), words.shape[1], dtype=torch.long, device=device)
        for row, pieces in enumerate(self._pieces):
            self._source[row, : len(pieces)] = torch.tensor(pieces)
        self._choice = torch.full((len(requests),), -1, device=device)
        self._copied = torch.full((len(requests),), -1, device=device)
        self._previous = torch.full((len(requests),), -1, device=device)

    def keep(self, rows: Tensor) -> None:
        """Leaves the rows that are done."""
        for name in (
            "words",
            "_there",
            "_same",
            "_left",
            "_source",
            "_choice",
            "_copied",
            "_previous",
        ):
            setattr(self, name, getattr(self, name)[rows])

    def follows(self) -> Tensor:
        """The source word after the one copied last: (P, 1, W)."""
        place = torch.arange(self.words.shape[1], device=self.words.device)
        return (place == self._copied[:, None] + 1).to(self.words.dtype)[:, None]

    def latest(self, own_pieces: Tensor, write_id: int) -> tuple[Tensor, Tensor]:
        """The word taken last, for the decoder: its first piece (P, 1) and state (P, 1, H)."""
        place = (self._choice - self._own).clamp(min=0)[:, None]
        copied = self._choice >= self._own
        own = own_pieces[self._choice.clamp(min=0, max=self._own - 1).cpu()].to(place.device)
        pieces = torch.where(copied, self._source.gather(1, place)[:, 0], own)
        pieces = torch.where(self._choice < 0, write_id, pieces)
        states = self.words.gather(1, place[..., None].expand(-1, -1, self.words.shape[2]))
        return pieces[:, None], states * copied[:, None, None]

    def take(self, logits: Tensor) -> tuple[list[int], list[float], list[float]]:
        """Takes the next word of each row: as a draft has it, its log probability, and the end's
        probability in its stead."""
        probability = logits.masked_fill(~self._there, -torch.inf).softmax(-1)  # (P, K)
        merged = torch.zeros_like(probability).scatter_add_(1, self._same, probability)
        merged[self._left <= 0] = 0
        end = merged[:, END].tolist()
        merged[:, END] = 0
        repeated = self._previous.clamp(min=0)[:, None]
        merged.scatter_(1, repeated, merged.gather(1, repeated) * (self._previous < 0)[:, None])
        score, word = merged.max(1)
        choice = self._place(word, probability)
        self._left.scatter_add_(1, word[:, None], torch.full_like(word, -1)[:, None])
        self._previous, self._choice = word, choice
        self._copied = torch.where(choice >= self._own, choice - self._own, self._copied)
        signed = torch.where(choice >= self._own, choice - self._own, -1 - choice)
        return signed.tolist(), score.clamp(min=1e-9).log().tolist(), end

    def _place(self, word: Tensor, probability: Tensor) -> Tensor:
        """Where a word is copied from: after the last one copied, else where it is likeliest."""
        place = torch.arange(probability.shape[1], device=word.device)
        here = (self._same == word[:, None]) & self._there & (place >= self._own)
        next_place = (self._copied + 1 + self._own).clamp(max=probability.shape[1] - 1)
        follows = here.gather(1, next_place[:, None])[:, 0] & (self._copied >= 0)
        likeliest = probability.masked_fill(~here, -1).argmax(1)
        return torch.where(follows, next_place, torch.where(here.any(1), likeliest, word))


@dataclass(frozen=True, slots=True)
class _Choices:
    """The choices of a row (K of them): which are there, which stand for the same word (the number
    of the first of them), and how often the word may still be taken."""

    there: NDArray[Any]
    same: NDArray[Any]
    left: NDArray[Any]


def _choices(request: Request, own: OwnWords, size: int) -> _Choices:
    source = request.normal_words()
    there = np.zeros(size, bool)
    there[: len(own)] = own.allowed(request.article_words)
    there[len(own) : len(own) + len(source)] = True
    same = np.arange(size)
    left = np.full(size, UNLIMITED)
    left[[index for word, index in own.index.items() if is_content(word)]] = 1
    first = dict(own.index)
    for place, word in enumerate(source, len(own)):
        same[place] = first.setdefault(word, place)
    for word, count in Counter(source).items():
        if is_content(word):
            left[first[word]] = count
    return _Choices(there, same, left)
