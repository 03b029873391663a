"""How often forms are right, and opinion pieces told from reports."""

from __future__ import annotations

from models.analysis import FormAnalysis, Score
from models.article import Options
from models.tasks.evaluation import Answered
from models.tasks.form.metrics import EVALUATION, asked, figures


def answered(gold: str, **scores: float) -> Answered:
    ranked = tuple(sorted((Score(*each) for each in scores.items()), key=lambda s: -s.probability))
    best = ranked[0]
    form = FormAnalysis(best.label, best.probability, abstained=False, scores=ranked)
    return Answered(f"{gold} {scores}", gold, Options(), (), form)


def test_the_form_alone_is_asked() -> None:
    (options,) = asked("report")
    assert options.tasks == frozenset({"form"})


def test_an_opinion_piece_that_passes_for_a_review_is_still_no_report() -> None:
    found = figures(
        [
            answered("opinion", review=0.6, opinion=0.3, report=0.1),
            answered("opinion", report=0.7, opinion=0.3, review=0.0),
            answered("report", report=0.8, opinion=0.2, review=0.0),
            answered("review", review=0.8, opinion=0.2, report=0.0),
        ]
    )["form"]
    assert (found["texts"], found["accuracy"]) == (4, 0.5)
    assert found["opinion_against_report"] == 0.6667


def test_what_is_calibrated_are_the_forms() -> None:
    assert set(EVALUATION.fits) == set(EVALUATION.judged([answered("report", report=1.0)]))
