"""Whether an answer is one: what a model has to show of itself before it serves."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from models.analysis import Analysis, Score, StanceAnalysis, Summary, TopicAnalysis
from models.article import Options
from models.errors import AnalysisError
from models.labels import UNRELATED, LabelSchema

TOLERANCE = 1e-3


def flaw(found: Analysis | AnalysisError, options: Options, labels: LabelSchema) -> str | None:
    """What is wrong with the answer to an article that was asked for everything."""
    if isinstance(found, AnalysisError):
        return "its scores are no numbers"
    if not _is_topic(found.topic, labels):
        return "its topics are none of its labels"
    if not _are_stances(found.stance or (), options, labels):
        return "its stances are none of its labels"
    if not _is_summary(found.summary, options):
        return "it writes no summary"
    return None


def _is_topic(topic: TopicAnalysis | None, labels: LabelSchema) -> bool:
    return topic is not None and _are_scores(topic.scores, set(labels.topic_names))


def _are_stances(found: Sequence[StanceAnalysis], options: Options, labels: LabelSchema) -> bool:
    """One for each target; `unrelated` may be missing, where the article names the target."""
    possible = set(labels.stance_names if options.targets else labels.overall)
    asked = options.targets or (None,)
    return tuple(stance.target for stance in found) == asked and all(
        _are_scores(stance.scores, possible) or _are_scores(stance.scores, possible - {UNRELATED})
        for stance in found
    )


def _are_scores(scores: Sequence[Score], possible: Collection[str]) -> bool:
    """Each label once, with probabilities that come to 1."""
    each = [score.probability for score in scores]
    return (
        sorted(score.label for score in scores) == sorted(possible)
        and all(0 <= probability <= 1 for probability in each)
        and math.isclose(math.fsum(each), 1, abs_tol=TOLERANCE)
    )


def _is_summary(summary: Summary | None, options: Options) -> bool:
    return (
        summary is not None
        and summary.style is options.style
        and bool(summary.sentences)
        and 0 < summary.words <= options.max_words
        and 0 <= summary.support <= 1
    )
