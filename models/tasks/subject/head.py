"""The head of the subjects: how likely words name what an article is about, or a target in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.analysis import Span
from models.encoding.tokens import Encoded, Sentence
from models.network.heads import Head
from models.network.passes import pooled
from models.network.states import EncodedArticles
from models.tasks.subject.candidates import MAX_WORDS, Candidate, key_of

SIZE = 256
FEATURES = 7
MOST_MENTIONS = 10
SCORES = ("about", "target")
"""What is said of each candidate: whether it names the subject, and whether it is worth asking
about."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The candidates of an article in a batch. `places` are their places as tokens: the number of
    the candidate, its first and its last token (A of them); `features` (A, FEATURES) beside."""

    article: int
    candidates: Sequence[Candidate]
    places: Sequence[tuple[int, int, int]]
    features: Tensor


class SubjectHead(Head):
    """Scores of candidates by the states at their ends, the article's, and how they are told."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(hidden, SIZE), nn.Linear(hidden, SIZE)
        self.article = nn.Linear(hidden, SIZE)
        self.features = nn.Linear(FEATURES, SIZE)
        self.norm = nn.LayerNorm(SIZE)
        self.out = nn.Linear(SIZE, len(SCORES))

    def forward(self, first: Tensor, last: Tensor, article: Tensor, features: Tensor) -> Tensor:
        """States (P, H) at the ends of places, of their article (P, H), `features` (P, F) → (P,
        scores)."""
        state = self.first(first) + self.last(last) + self.article(article)
        state = functional.gelu(state + self.features(features))
        return cast(Tensor, self.out(self.norm(state)).float())


def naming(article: int, encoded: Encoded, found: Sequence[Candidate]) -> Naming:
    """Candidates of an article as the head takes them; those that were not read have no place."""
    title = set(key_of(encoded.heading, encoded.language).split())
    places, features = [], []
    for number, candidate in enumerate(found):
        for sentence, place, span in _stand(candidate, encoded):
            first, last = encoded.tokens(place, span.start, span.end)
            if first < last:
                places.append((number, first, last - 1))
                features.append(_told(candidate, sentence, span.start == place.start, title))
    return Naming(article, found, places, torch.tensor(features).reshape(-1, FEATURES))


def _stand(candidate: Candidate, encoded: Encoded) -> Iterator[tuple[int, Sentence, Span]]:
    """Where a candidate stands: the number of the sentence, −1 for the title, itself, the words."""
    if candidate.titled and encoded.title:
        yield -1, encoded.title, candidate.titled
    for number, span in candidate.places:
        yield number, encoded.sentences[number], span


def _told(candidate: Candidate, sentence: int, is_first: bool, title: set[str]) -> list[float]:
    """How often and how early a candidate is told, how long it is, whether it has a capital, and
    whether that may be because a sentence begins with it; whether this place is in the title, and
    how many of its words are."""
    words = candidate.key.split()
    return [
        min(candidate.mentions, MOST_MENTIONS) / MOST_MENTIONS,
        1 / (1 + max(sentence, 0)),
        len(words) / MAX_WORDS,
        float(candidate.text[0].isupper()),
        float(is_first),
        float(sentence < 0),
        sum(word in title for word in words) / max(len(words), 1),
    ]


def scored(head: SubjectHead, states: EncodedArticles, found: Sequence[Naming]) -> list[Tensor]:
    """The scores of the candidates of some articles, (C, scores) each: of a candidate's places the
    best; −inf where none was read."""
    rows = [
        (states.offsets[each.article] + first, states.offsets[each.article] + last, n)
        for n, each in enumerate(found)
        for _, first, last in each.places
    ]
    device = states.device
    totals = [
        torch.full((len(each.candidates), len(SCORES)), -torch.inf, device=device) for each in found
    ]
    if not rows:
        return totals
    first, last, article = torch.tensor(rows, device=device).T
    whole = pooled(*states.sentences)
    which = torch.tensor([each.article for each in found], device=device)
    features = torch.cat([each.features for each in found]).to(device)
    scores = head(
        states.states[first].float(), states.states[last].float(), whole[which[article]], features
    )
    parts = scores.split([len(each.places) for each in found])
    return [
        total.scatter_reduce(0, _numbers(each, device), part, "amax")
        for each, total, part in zip(found, totals, parts, strict=True)
    ]


def _numbers(found: Naming, device: torch.device) -> Tensor:
    """The candidate of each place, for each score: (A, scores)."""
    numbers = torch.tensor([n for n, _, _ in found.places], dtype=torch.long, device=device)
    return numbers[:, None].expand(-1, len(SCORES))
