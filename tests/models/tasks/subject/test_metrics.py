"""When a subject is the one that people named."""

from __future__ import annotations

import pytest

from models.analysis import SubjectAnalysis, SuggestedTarget
from models.article import Options
from models.tasks.evaluation import Answered, SubjectGold
from models.tasks.subject.metrics import alike, figures


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [
        ("the old bridge", "Old Bridge’s", 1.0),
        ("old bridge", "bridge", 2 / 3),
        ("old bridge", "ferry", 0.0),
        ("", "ferry", 0.0),
    ],
)
def test_names_are_alike_by_their_words(one: str, other: str, share: float) -> None:
    assert alike(one, other) == pytest.approx(share)


def answered(about: str | None, targets: tuple[str, ...], gold: SubjectGold) -> Answered:
    suggested = tuple(SuggestedTarget(0, 1, target, 1, "") for target in targets)
    result = SubjectAnalysis(about, 0.9, suggested)
    return Answered("text", gold, Options(), (), result)


def test_figures() -> None:
    gold = SubjectGold("the old bridge", ("Ann Lee",))
    found = figures(
        [
            answered("Old bridge", ("ferry", "tram", "Lee", "Ann Lee"), gold),
            answered(None, ("ferry", "tram", "rain", "Ann Lee"), gold),
            answered("bridge", (), SubjectGold("ferry")),
        ]
    )["subject"]
    assert (found["texts"], found["exact"], found["near"]) == (3, 0.3333, 0.3333)
    assert found["target_in_first_3"] == 0.5
