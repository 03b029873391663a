"""Figures of an artifact on texts that it was not trained on, through the engine that serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from models import registry
from models.engine import Engine
from training.config import Config, Source
from training.data.labelled import Labelled, load, split
from training.evaluation.evidence import evidence_effect
from training.evaluation.predictions import answered

EVIDENCE_TEXTS = 100


def evaluate(engine: Engine, config: Config, most: int = 400) -> dict[str, dict[str, Any]]:
    """All figures of each validation file of a config, in groups with names.

    They are those of each task that the engine has and the file has gold for, how well the stance
    is known from the target alone (`target_alone`), and what evidence is worth (`evidence`).
    """
    found: dict[str, dict[str, Any]] = {}
    for source in config.validation:
        texts = split(load(source), source, validation=True)[:most]
        figures: dict[str, Any] = {}
        for name in engine.info.tasks:
            figures |= _of_task(engine, name, texts)
        figures["target_alone"] = _target_alone(load(_whole(source)))
        figures["evidence"] = evidence_effect(engine, texts[:EVIDENCE_TEXTS])
        found[source.name] = {name: figure for name, figure in figures.items() if figure}
    return found


def _of_task(engine: Engine, name: str, texts: Sequence[Labelled]) -> Mapping[str, Any]:
    task = registry.get(name)
    answers = answered(engine, task, texts)
    return task.load_evaluation().figures(answers) if answers else {}


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
