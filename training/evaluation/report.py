"""Figures of an artifact on texts that it was not trained on, through the engine that serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from models import registry
from models.engine import Engine
from models.tasks.judged import Judged, macro_f1, macro_f1_interval
from models.tasks.predictions import answered
from training.config import Config, Source
from training.data.labelled import Labelled, load
from training.data.roles import Role
from training.evaluation.evidence import evidence_effect
from training.evaluation.limits import max_error_figures

EVIDENCE_TEXTS = 25
FOLDS = 5


def evaluate(
    engine: Engine, config: Config, most: int = 400, role: Role = Role.REPORT
) -> dict[str, dict[str, Any]]:
    """All figures of the texts of one role in each measured file of a config, in named groups.

    They are those of each task that the engine has and the file has gold for, how well the stance
    is known from the target alone (`target_alone`), and what evidence is worth
    (`evidence_deletion`). `max_error` behind the name of a group of answers has the share that is
    answered under limits on errors, and the error there, where the artifact has a table of them. A
    figure's 95 % interval has its name with `_95`. Raises DataError.
    """
    found: dict[str, dict[str, Any]] = {}
    labels = engine.info.labels
    for source in config.measured:
        texts = load(source, role, labels)
        figures: dict[str, Any] = {}
        for name in engine.info.tasks:
            figures |= _of_task(engine, name, texts[:most])
        plain = load(_without_drawn(source), role, labels) if source.unrelated else texts
        figures["target_alone"] = _target_alone(plain)
        figures["evidence_deletion"] = evidence_effect(engine, texts[:EVIDENCE_TEXTS])
        found[source.name] = {name: figure for name, figure in figures.items() if figure}
    return found


def _of_task(engine: Engine, name: str, texts: Sequence[Labelled]) -> Mapping[str, Any]:
    task = registry.get(name)
    answers = answered(engine, task, texts)
    evaluation = task.load_evaluation()
    if not answers:
        return {}
    tables = getattr(engine.sections[name], "limits", {})
    limits = {
        f"{group} max_error": max_error_figures(judged, tables[group])
        for group, judged in evaluation.judged(answers).items()
        if group in tables
    }
    return {**evaluation.figures(answers), **limits}


def _without_drawn(source: Source) -> Source:
    """A source with the targets of its file alone."""
    return source.model_copy(update={"unrelated": 0})


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
    numbers, targets, stances = zip(*pairs, strict=True) if pairs else ((), (), ())
    if len(set(numbers)) < FOLDS:
        return {}
    folds = list(GroupKFold(FOLDS).split(targets, groups=numbers))
    if any(len({stances[n] for n in fitted}) < 2 for fitted, _ in folds):
        return {}
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(max_iter=300, class_weight="balanced"),
    )
    given = cross_val_predict(model, targets, stances, cv=folds)
    judged = [
        Judged(((str(label), 1.0),), (stance,), str(number))
        for label, stance, number in zip(given, stances, numbers, strict=True)
    ]
    names = sorted(set(stances))
    return {
        "pairs": len(pairs),
        "macro_f1": macro_f1(judged, names),
        "macro_f1_95": macro_f1_interval(judged, names),
    }
