"""Whether the sentences given as evidence for a label are what it rests on."""

from __future__ import annotations

import random
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.analysis import Analysis, Span
from models.article import Article, Options
from models.engine import Engine
from models.tasks.judged import mean
from models.tasks.predictions import analyses
from training.data.labelled import Labelled


@dataclass(frozen=True, slots=True)
class Trial:
    """A label of an article, and the article without its evidence and without as much at random.

    `place` is that of the stance it belongs to; None: it is the topic's.
    """

    place: int | None
    label: str
    probability: float
    shorter: tuple[Article, Article]

    def drop(self, found: Any) -> float | None:
        """How much less likely the label is in an answer; None where there is no answer."""
        if not isinstance(found, Analysis):
            return None
        part = found.topic if self.place is None else (found.stance or ())[self.place]
        scores = {score.label: score.probability for score in part.scores} if part else {}
        return self.probability - scores[self.label]


def evidence_effect(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    """How much less likely labels are without their evidence, in points of probability.

    Comprehensiveness (DeYoung et al. 2020, 1911.03429), beside that of as many sentences drawn at
    random.
    """
    trials = list(_trials(engine, [text for text in texts if text.topics or any(text.stances)]))
    outcomes = iter(analyses(engine, (article for trial in trials for article in trial.shorter)))
    drops = [(trial.drop(next(outcomes)), trial.drop(next(outcomes))) for trial in trials]
    pairs = [(a, b) for a, b in drops if a is not None and b is not None]
    if not pairs:
        return {}
    return {
        "labels": len(pairs),
        "drop_without_evidence": round(100 * statistics.fmean(a for a, _ in pairs), 1),
        "drop_without_random": round(100 * statistics.fmean(b for _, b in pairs), 1),
        "evidence_drops_more": mean(a > b for a, b in pairs),
    }


def _trials(engine: Engine, texts: Sequence[Labelled]) -> Iterator[Trial]:
    draw = random.Random(0)  # noqa: S311 - sampling, not secrecy
    articles = [Article(text.text, options=_options(text)) for text in texts]
    for article, found in zip(articles, analyses(engine, articles), strict=True):
        if isinstance(found, Analysis):
            sentences = engine.prepare(article).encoded.sentences
            yield from _of_article(sentences, article, found, draw)


def _options(text: Labelled) -> Options:
    """The topic where it is known, else the stances; the text as it stands, so offsets hold."""
    targets = tuple(target for target in text.stances if target)[:3]
    task = "topic" if text.topics else "stance"
    return Options(targets, frozenset({task}), clean=False)


def _of_article(
    sentences: Sequence[Span], article: Article, found: Analysis, draw: random.Random
) -> Iterator[Trial]:
    parts = [(None, found.topic)] if found.topic else list(enumerate(found.stance or ()))
    for place, part in parts:
        removed = {(span.start, span.end) for span in part.evidence}
        others = [(s.start, s.end) for s in sentences if (s.start, s.end) not in removed]
        if removed and len(others) > len(removed):
            drawn = set(draw.sample(others, len(removed)))
            shorter = _without(article, sentences, removed), _without(article, sentences, drawn)
            yield Trial(place, part.scores[0].label, part.scores[0].probability, shorter)


def _without(article: Article, sentences: Sequence[Span], removed: set[tuple[int, int]]) -> Article:
    text = article.text or ""
    kept = [text[s.start : s.end] for s in sentences if (s.start, s.end) not in removed]
    return replace(article, text=" ".join(kept))
