"""From scores of candidates to what an article is about, and what to ask it about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from models.analysis import SubjectAnalysis, SuggestedTarget
from models.article import Options
from models.encoding.preparation import Prepared
from models.encoding.tokens import ArticleEncoder, Encoded
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.model import TaskModel
from models.tasks.subject.candidates import MAX_WORDS, Candidate, candidates
from models.tasks.subject.head import SCORES, SubjectHead, naming, scored
from models.tasks.subject.section import SubjectSection

MAX_SUGGESTED = 5
LIKELIEST = 30
"""The subject is chosen among so many candidates."""
LEAST = 0.02
"""A target is suggested where its share of the scores is at least this, and the first always."""


class SubjectModel(TaskModel[SubjectSection, SubjectAnalysis]):
    """The subject of an article, and the names and issues that are worth asking about."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> SubjectSection:
        return SubjectSection.from_json(section)

    @staticmethod
    def make_head(section: SubjectSection, network: Network) -> SubjectHead:
        return SubjectHead(network.hidden)

    def __init__(self, section: SubjectSection, network: Network, encoder: ArticleEncoder) -> None:
        self._head = cast(SubjectHead, network.head("subject"))

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, SubjectAnalysis]:
        return subjects(self._head, states, {row: batch[row].encoded for row in rows})

    def flaw(self, result: SubjectAnalysis, options: Options) -> str | None:
        told = result.about is None or 1 <= len(result.about.split()) <= MAX_WORDS
        return None if told else "its subject is none"


def subjects(
    head: SubjectHead, states: EncodedArticles, articles: Mapping[int, Encoded]
) -> dict[int, SubjectAnalysis]:
    """The subjects of some articles of a batch, by their number; one without finite scores is left
    out."""
    named = [naming(row, encoded, candidates(encoded)) for row, encoded in articles.items()]
    found = zip(articles.items(), named, scored(head, states, named), strict=True)
    return {
        row: subject(encoded, each.candidates, scores.cpu())
        for (row, encoded), each, scores in found
        if not scores.isnan().any()
    }


def subject(encoded: Encoded, found: Sequence[Candidate], scores: Tensor) -> SubjectAnalysis:
    """The subject by the scores of the candidates, (C, scores)."""
    read = [n for n, score in enumerate(scores[:, 0].tolist()) if score > -torch.inf]
    if not read:
        return SubjectAnalysis(about=None, confidence=0.0, suggested_targets=())
    about, target = (
        scores[read, SCORES.index(name)].softmax(0).tolist() for name in ("about", "target")
    )
    best = _likest([found[n] for n in read], about)
    return SubjectAnalysis(
        about=found[read[best]].text,
        confidence=about[best],
        suggested_targets=tuple(_suggested(encoded, [found[n] for n in read], target)),
    )


def _likest(found: Sequence[Candidate], shares: Sequence[float]) -> int:
    """The number of the candidate whose words are most like the subject, whichever of the likeliest
    ones that is: the expected F1 (minimum Bayes risk: Kumar and Byrne 2004, N04-1022)."""
    likeliest = sorted(range(len(found)), key=lambda n: -shares[n])[:LIKELIEST]
    words = [frozenset(found[n].key.split()) for n in likeliest]
    nouns = [place for place, n in enumerate(likeliest) if found[n].is_noun]

    def expected(place: int) -> float:
        own = words[place]
        return sum(
            2 * shares[n] * len(own & other) / (len(own) + len(other))
            for n, other in zip(likeliest, words, strict=True)
        )

    return likeliest[max(nouns or range(len(likeliest)), key=expected)]


def _suggested(
    encoded: Encoded, found: Sequence[Candidate], shares: Sequence[float]
) -> Iterator[SuggestedTarget]:
    """The best candidates of which none holds the words of another, but for titles."""
    chosen: list[set[str]] = []
    for share, _, candidate in sorted(
        (
            (share, -n, each)
            for n, (share, each) in enumerate(zip(shares, found, strict=True))
            if each.is_noun and each.places
        ),
        key=lambda each: each[:2],
    )[::-1]:
        words = set(candidate.key.split()) - encoded.language.naming.titles
        if len(chosen) == MAX_SUGGESTED or (chosen and share < LEAST):
            return
        if words and not any(words <= other or other <= words for other in chosen):
            chosen.append(words)
            yield _target(encoded, candidate)


def _target(encoded: Encoded, candidate: Candidate) -> SuggestedTarget:
    number, first = candidate.places[0]
    times = "once" if candidate.mentions == 1 else f"{candidate.mentions} times"
    where = "the first sentence" if number == 0 else f"sentence {number + 1}"
    return SuggestedTarget(
        target=candidate.text,
        start=first.start,
        end=first.end,
        mentions=candidate.mentions,
        reason=f"named {times}, first in {where} of {len(encoded.sentences)}",
    )
