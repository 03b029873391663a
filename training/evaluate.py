"""Figures of an artifact on texts that it was not trained on, through the engine that serves."""

from __future__ import annotations

import random
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rouge_score.rouge_scorer import RougeScorer
from sklearn.metrics import f1_score

from models.analysis import Analysis
from models.article import Article, Options, Style, Task
from models.engine import Engine
from models.errors import AnalysisError, ArticleError
from models.vocabulary import normal
from training.config import Config
from training.data import Labelled, load, split

BATCH = 32
RESAMPLES = 1000
LEAD_SENTENCES = 3
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer beside its labels: the probability given to each label, likeliest first."""

    scores: tuple[tuple[str, float], ...]
    right: tuple[str, ...]

    @property
    def label(self) -> str:
        return self.scores[0][0]


def evaluate(engine: Engine, config: Config, most: int = 400) -> dict[str, dict[str, Any]]:
    """All figures of each validation file of a config: `topic`, `stance`, `overall`, `summary`."""
    found: dict[str, dict[str, Any]] = {}
    for source in config.validation:
        texts = split(load(source), source, validation=True)[:most]
        figures = {
            "topic": _topic(engine, [t for t in texts if t.topics]),
            "stance": _stance(engine, [t for t in texts if any(t.stances)]),
            "overall": _overall(engine, [t for t in texts if None in t.stances]),
            "summary": _summary(engine, [t for t in texts if t.summary]),
        }
        found[source.name] = {name: figure for name, figure in figures.items() if figure}
    return found


def analyses(
    engine: Engine, articles: Iterable[Article]
) -> Iterator[Analysis | AnalysisError | ArticleError]:
    """The engine's outcome for each article, in order, batched as it comes."""
    batch: list[Any] = []
    for article in articles:
        try:
            batch.append(engine.prepare(article))
        except ArticleError as error:
            batch.append(error)
        if len(batch) == BATCH:
            yield from _outcomes(engine, batch)
            batch = []
    yield from _outcomes(engine, batch)


def _outcomes(engine: Engine, batch: Sequence[Any]) -> Iterator[Any]:
    ready = [item for item in batch if not isinstance(item, ArticleError)]
    outcomes = iter(engine.analyze(ready))
    yield from (item if isinstance(item, ArticleError) else next(outcomes) for item in batch)


def judge_topics(engine: Engine, texts: Sequence[Labelled]) -> list[Judged]:
    """Topics of texts beside their labels."""
    options = Options(tasks=frozenset({Task.TOPIC}))
    asked = (Article(t.text, t.title, options=options) for t in texts)
    return [
        Judged(_pairs(found.topic.scores), tuple(text.topics))
        for text, found in zip(texts, analyses(engine, asked), strict=True)
        if isinstance(found, Analysis) and found.topic
    ]


def judge_stances(engine: Engine, texts: Sequence[Labelled], most: int = 40) -> list[Judged]:
    """Stances toward the named targets of texts beside their labels; at most `most` of a text."""
    asked = []
    for text in texts:
        targets = tuple(target for target in text.stances if target)[:most]
        options = Options(targets=targets, tasks=frozenset({Task.STANCE}))
        asked.append(Article(text.text, text.title, options=options))
    return [
        Judged(_pairs(stance.scores), (text.stances[stance.target],))
        for text, found in zip(texts, analyses(engine, asked), strict=True)
        if isinstance(found, Analysis)
        for stance in found.stance or ()
    ]


def judge_overall(engine: Engine, texts: Sequence[Labelled]) -> list[Judged]:
    """Stances of texts toward their own subject beside their labels."""
    options = Options(tasks=frozenset({Task.STANCE}))
    asked = (Article(t.text, t.title, options=options) for t in texts)
    return [
        Judged(_pairs(found.stance[0].scores), (text.stances[None],))
        for text, found in zip(texts, analyses(engine, asked), strict=True)
        if isinstance(found, Analysis) and found.stance
    ]


def _pairs(scores: Iterable[Any]) -> tuple[tuple[str, float], ...]:
    return tuple((score.label, score.probability) for score in scores)


def calibration_error(judged: Sequence[Judged], bins: int = 10) -> float:
    """Expected calibration error of the main label (Guo et al. 2017, 1706.04599), 0 to 1."""
    error = 0.0
    for low in range(bins):
        inside = [j for j in judged if low <= min(j.scores[0][1] * bins, bins - 1e-9) < low + 1]
        if inside:
            sure = statistics.fmean(j.scores[0][1] for j in inside)
            error += abs(sure - statistics.fmean(j.label in j.right for j in inside)) * len(inside)
    return error / len(judged)


def interval(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of a mean by bootstrap, with a fixed seed."""
    draw = random.Random(0)  # noqa: S311 - resampling, not secrecy
    means = sorted(statistics.fmean(draw.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return round(means[int(0.025 * RESAMPLES)], 4), round(means[int(0.975 * RESAMPLES)], 4)


def _topic(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    judged = judge_topics(engine, texts)
    if not judged:
        return {}
    hits = [float(j.label in j.right) for j in judged]
    by_topic: dict[str, list[float]] = {}
    for j, hit in zip(judged, hits, strict=True):
        by_topic.setdefault(j.right[0], []).append(hit)
    return {
        "texts": len(judged),
        "main": _mean(j.label == j.right[0] for j in judged),
        "main_or_second": _mean(hits),
        "main_or_second_95": interval(hits),
        "macro_f1": round(
            f1_score([j.right[0] for j in judged], [j.label for j in judged], average="macro"), 4
        ),
        "calibration_error": round(calibration_error(judged), 4),
        "per_topic": {topic: [len(h), _mean(h)] for topic, h in sorted(by_topic.items())},
    }


def _stance(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    return _labels(judge_stances(engine, texts))


def _overall(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    return _labels(judge_overall(engine, texts))


def _labels(judged: Sequence[Judged]) -> dict[str, Any]:
    """Macro-F1 as the labels fall, and on as many of each label as the rarest has (balanced)."""
    if not judged:
        return {}
    names = sorted({j.right[0] for j in judged})
    fewest = min(Counter(j.right[0] for j in judged).values())
    balanced = [j for name in names for j in [k for k in judged if k.right[0] == name][:fewest]]
    return {
        "pairs": len(judged),
        "accuracy": _mean(j.label in j.right for j in judged),
        "macro_f1": _macro_f1(judged, names),
        "macro_f1_of_known": _macro_f1([_restricted(j, names) for j in judged], names),
        "balanced_pairs": len(balanced),
        "balanced_macro_f1": _macro_f1(balanced, names),
        "calibration_error": round(calibration_error(judged), 4),
        "per_label": {
            name: round(
                f1_score([j.right[0] == name for j in judged], [j.label == name for j in judged]), 4
            )
            for name in names
        },
    }


def _restricted(judged: Judged, names: Sequence[str]) -> Judged:
    """The answer among the labels that the file knows."""
    return Judged(tuple(s for s in judged.scores if s[0] in names), judged.right)


def _macro_f1(judged: Sequence[Judged], names: Sequence[str]) -> float:
    right, given = [j.right[0] for j in judged], [j.label for j in judged]
    return round(
        float(f1_score(right, given, labels=list(names), average="macro", zero_division=0)), 4
    )


def _summary(engine: Engine, texts: Sequence[Labelled], max_words: int = 60) -> dict[str, Any]:
    """ROUGE of both styles beside the article's first sentences, and what the summaries hold."""
    if not texts:
        return {}
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    figures: dict[str, Any] = {
        "texts": len(texts),
        "lead": _scores(scorer, texts, [_lead(engine, t) for t in texts]),
    }
    for style in Style:
        options = Options(tasks=frozenset({Task.SUMMARY}), style=style, max_words=max_words)
        found = list(analyses(engine, (Article(t.text, t.title, options=options) for t in texts)))
        kept = [
            (t, a.summary)
            for t, a in zip(texts, found, strict=True)
            if isinstance(a, Analysis) and a.summary
        ]
        figures[style.value] = {
            **_scores(scorer, [t for t, _ in kept], [s.text for _, s in kept]),
            "support": _mean(s.support for _, s in kept),
            "rewritten": _mean(x.rewritten for _, s in kept for x in s.sentences),
            "new_numbers": sum(bool(_numbers(s.text) - _numbers(t.text)) for t, s in kept),
        }
    return figures


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(normal(text)))


def _lead(engine: Engine, text: Labelled) -> str:
    """The article's first sentences, as the engine splits it."""
    encoded = engine.prepare(Article(text.text)).encoded
    return " ".join(encoded.text[s.start : s.end] for s in encoded.sentences[:LEAD_SENTENCES])


def _scores(
    scorer: RougeScorer, texts: Sequence[Labelled], summaries: Sequence[str]
) -> dict[str, Any]:
    rouge = [scorer.score(t.summary or "", s) for t, s in zip(texts, summaries, strict=True)]
    pick: Callable[[str], float] = lambda name: round(  # noqa: E731
        100 * statistics.fmean(r[name].fmeasure for r in rouge), 2
    )
    return {
        "rouge1": pick("rouge1"),
        "rouge2": pick("rouge2"),
        "rougeL": pick("rougeL"),
        "words": round(statistics.fmean(len(s.split()) for s in summaries), 1),
    }


def _mean(values: Iterable[float]) -> float:
    return round(statistics.fmean(values), 4)
