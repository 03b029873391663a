"""Figures of an artifact on texts that it was not trained on, through the engine that serves."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from typing import Any

from rouge_score.rouge_scorer import RougeScorer
from rouge_score.scoring import Score
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from models.analysis import Analysis
from models.article import Article, Options, Style, Task
from models.engine import Engine
from models.text.words import normal
from training.config import Config, Source
from training.data.labelled import Labelled, load, split
from training.evaluation.evidence import evidence_effect
from training.evaluation.predictions import (
    Judged,
    analyses,
    calibration_error,
    interval,
    judge_overall,
    judge_stances,
    judge_topics,
    macro_f1_interval,
    mean,
    risks,
)

EVIDENCE_TEXTS = 100
LENGTHS = {60: 3, 40: 2}
"""Words of the summaries that are measured, each beside that many first sentences."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


def evaluate(engine: Engine, config: Config, most: int = 400) -> dict[str, dict[str, Any]]:
    """All figures of each validation file of a config: `topic`, `stance`, `overall`, `summary`."""
    found: dict[str, dict[str, Any]] = {}
    for source in config.validation:
        texts = split(load(source), source, validation=True)[:most]
        figures = {
            "topic": _topic(engine, [t for t in texts if t.topics]),
            "stance": _stance(engine, [t for t in texts if any(t.stances)]),
            "target_alone": _target_alone(load(_whole(source))),
            "overall": _overall(engine, [t for t in texts if None in t.stances]),
            "evidence": evidence_effect(engine, texts[:EVIDENCE_TEXTS]),
            "summary": _summary(engine, [t for t in texts if t.summary]),
        }
        found[source.name] = {name: figure for name, figure in figures.items() if figure}
    return found


def _topic(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    judged = judge_topics(engine, texts)
    if not judged:
        return {}
    hits = [float(j.label in j.gold) for j in judged]
    known = {topic for j in judged for topic in j.gold}
    by_topic: dict[str, list[float]] = {}
    for j, hit in zip(judged, hits, strict=True):
        by_topic.setdefault(j.gold[0], []).append(hit)
    return {
        "texts": len(judged),
        "main": mean(j.label == j.gold[0] for j in judged),
        "main_or_second": mean(hits),
        "main_or_second_95": interval(hits),
        "main_or_second_of_known": mean(_restricted(j, known).label in j.gold for j in judged),
        "macro_f1": round(
            f1_score([j.gold[0] for j in judged], [j.label for j in judged], average="macro"), 4
        ),
        "calibration_error": round(calibration_error(judged), 4),
        "risk_at_coverage": risks(judged),
        "per_topic": {topic: [len(h), mean(h)] for topic, h in sorted(by_topic.items())},
    }


def _stance(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    return _labels(judge_stances(engine, texts))


def _whole(source: Source) -> Source:
    """A source with all splits of its file."""
    where = {name: value for name, value in source.where.items() if name != "split"}
    return source.model_copy(update={"where": where, "unrelated": 0})


def _target_alone(texts: Sequence[Labelled]) -> dict[str, Any]:
    """What a classifier that sees the target and not the text scores on a file, five-fold by text.

    A model that is little better has learned which targets are liked, not what texts say.
    """
    pairs = [
        (number, target, stance)
        for number, text in enumerate(texts)
        for target, stance in text.stances.items()
        if target
    ]
    if not pairs:
        return {}
    numbers, targets, stances = zip(*pairs, strict=True)
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(max_iter=300, class_weight="balanced"),
    )
    given = cross_val_predict(model, targets, stances, groups=numbers, cv=GroupKFold(5))
    return {
        "pairs": len(pairs),
        "macro_f1": round(float(f1_score(stances, given, average="macro", zero_division=0)), 4),
    }


def _overall(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    return _labels(judge_overall(engine, texts))


def _labels(judged: Sequence[Judged]) -> dict[str, Any]:
    """Macro-F1 as the labels fall, and on as many of each label as the rarest has (balanced)."""
    if not judged:
        return {}
    names = sorted({j.gold[0] for j in judged})
    fewest = min(Counter(j.gold[0] for j in judged).values())
    balanced = [j for name in names for j in [k for k in judged if k.gold[0] == name][:fewest]]
    known = [_restricted(j, names) for j in judged]
    return {
        "pairs": len(judged),
        "accuracy": mean(j.label in j.gold for j in judged),
        "macro_f1": _macro_f1(judged, names),
        "macro_f1_of_known": _macro_f1(known, names),
        "macro_f1_of_known_95": macro_f1_interval(known, names),
        "balanced_pairs": len(balanced),
        "balanced_macro_f1": _macro_f1(balanced, names),
        "balanced_macro_f1_95": macro_f1_interval(balanced, names),
        "calibration_error": round(calibration_error(judged), 4),
        "risk_at_coverage": risks(judged),
        "per_label": {
            name: round(
                f1_score([j.gold[0] == name for j in judged], [j.label == name for j in judged]), 4
            )
            for name in names
        },
    }


def _restricted(judged: Judged, names: Container[str]) -> Judged:
    """The answer among the labels that the file knows."""
    return Judged(tuple(s for s in judged.scores if s[0] in names), judged.gold)


def _macro_f1(judged: Sequence[Judged], names: Sequence[str]) -> float:
    right, given = [j.gold[0] for j in judged], [j.label for j in judged]
    return round(
        float(f1_score(right, given, labels=list(names), average="macro", zero_division=0)), 4
    )


def _summary(engine: Engine, texts: Sequence[Labelled]) -> dict[str, Any]:
    """ROUGE of both styles beside the article's first sentences, at each of the lengths."""
    if not texts:
        return {}
    return {
        f"{words} words": _summary_of(engine, texts, words, sentences)
        for words, sentences in LENGTHS.items()
    }


def _summary_of(
    engine: Engine, texts: Sequence[Labelled], max_words: int, lead_sentences: int
) -> dict[str, Any]:
    """The figures of one length, and what the summaries hold that the articles do not."""
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    leads = [_lead(engine, text, lead_sentences) for text in texts]
    by_lead = [scorer.score(t.summary or "", lead) for t, lead in zip(texts, leads, strict=True)]
    figures: dict[str, Any] = {"texts": len(texts), "lead": _scores(by_lead, leads)}
    for style in Style:
        options = Options(tasks=frozenset({Task.SUMMARY}), style=style, max_words=max_words)
        found = list(analyses(engine, (Article(t.text, t.title, options=options) for t in texts)))
        kept = [
            (text, analysis.summary, lead)
            for text, analysis, lead in zip(texts, found, by_lead, strict=True)
            if isinstance(analysis, Analysis) and analysis.summary
        ]
        rouge = [scorer.score(t.summary or "", s.text) for t, s, _ in kept]
        above = [
            100 * (score["rouge1"].fmeasure - lead["rouge1"].fmeasure)
            for score, (_, _, lead) in zip(rouge, kept, strict=True)
        ]
        figures[style.value] = {
            **_scores(rouge, [s.text for _, s, _ in kept]),
            "rouge1_above_lead_95": interval(above),
            "support": mean(s.support for _, s, _ in kept),
            "rewritten": mean(x.rewritten for _, s, _ in kept for x in s.sentences),
            "new_numbers": sum(bool(_numbers(s.text) - _numbers(t.text)) for t, s, _ in kept),
        }
    return figures


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(normal(text)))


def _lead(engine: Engine, text: Labelled, sentences: int) -> str:
    """The article's first sentences, as the engine splits it."""
    encoded = engine.prepare(Article(text.text)).encoded
    return " ".join(encoded.text[s.start : s.end] for s in encoded.sentences[:sentences])


def _scores(rouge: Sequence[Mapping[str, Score]], summaries: Sequence[str]) -> dict[str, Any]:
    names = ("rouge1", "rouge2", "rougeL")
    means = {n: round(100 * statistics.fmean(r[n].fmeasure for r in rouge), 2) for n in names}
    return {**means, "words": round(statistics.fmean(len(s.split()) for s in summaries), 1)}
