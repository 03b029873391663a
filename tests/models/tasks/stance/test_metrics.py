"""Stances are counted by the kind of their target, and evidence by the spans that people marked."""

from __future__ import annotations

from typing import Any

import pytest

from models.analysis import Passage, Score, Span, StanceAnalysis
from models.article import Kind, Options, Tier
from models.tasks.evaluation import Answered, TargetGold
from models.tasks.stance.metrics import asked, figures, judged

Gold = dict[str | None, TargetGold]


def stance(target: str | None, label: str, favor: float, *evidence: tuple[int, int]) -> Any:
    """A stance that is given a label, and `favor` as the probability that it is in favour."""
    rest = ("against", "neutral") if label != "neutral" else ("neutral", "against")
    scores = [Score("favor", favor), Score(rest[0], (1 - favor) * 0.9)]
    scores.append(Score(rest[1], (1 - favor) * 0.1))
    ranked = tuple(sorted(scores, key=lambda score: -score.probability))
    assert ranked[0].label == label
    passages = tuple(Passage(start, end, "") for start, end in evidence)
    kind = Kind.CLAIM if target and target.endswith(".") else Kind.ISSUE if target else None
    return StanceAnalysis(target, kind, label, None, ranked[0].probability, False, ranked, passages)


def answered(text: str, gold: Gold, *stances: StanceAnalysis) -> Answered:
    reader = None if None in gold else Tier.FULL
    return Answered(text, gold, Options(reader=reader), (), stances)


def test_named_targets_and_the_own_subject_are_asked_apart() -> None:
    gold: Gold = {"Bo": TargetGold("favor"), None: TargetGold("neutral")}
    each = [(options.targets, options.reader) for options in asked(gold)]
    assert each == [(("Bo",), Tier.FULL), (("Bo",), Tier.FAST), ((), None)]
    assert all(options.targets for options in asked({"Bo": TargetGold("favor")}))


def test_each_kind_has_its_figures() -> None:
    found = figures(
        [
            answered(
                "one",
                {
                    "Bo": TargetGold("favor", Kind.ENTITY),
                    "a tax": TargetGold("against", Kind.ISSUE),
                    "It rained.": TargetGold("favor", Kind.CLAIM),
                    "rain": TargetGold("favor"),
                },
                stance("Bo", "favor", 0.9),
                stance("a tax", "neutral", 0.1),
                stance("It rained.", "favor", 0.8),
                stance("rain", "favor", 0.8),
            ),
            answered("two", {None: TargetGold("neutral")}, stance(None, "neutral", 0.1)),
        ]
    )
    assert set(found) == {
        "overall", "full stance", "full names", "full issues", "full claims", "full kind"
    }  # fmt: skip
    assert found["full kind"]["told"] == pytest.approx(2 / 3, abs=1e-3)
    assert [found[f"full {name}"]["pairs"] for name in ("stance", "names", "issues", "claims")] == [
        4,
        1,
        1,
        1,
    ]
    assert found["full names"]["macro_f1"] == found["full claims"]["accuracy"] == 1
    assert found["full issues"]["macro_f1"] == 0
    assert found["overall"]["texts"] == found["full stance"]["texts"] == 1
    assert "false_passing" not in found["full claims"]  # no claim is untrue


def test_untrue_claims_that_pass_are_counted_as_a_whole_and_by_group() -> None:
    answers = []
    for number in range(20):
        gold: Gold = {
            "true": TargetGold("favor", Kind.CLAIM, group="edit"),
            "false": TargetGold("against", Kind.CLAIM, group="number"),
            "open": TargetGold("neutral", Kind.CLAIM, group="unsaid"),
        }
        given = (
            stance("true", "favor", 0.7),
            stance("false", "favor", 0.9) if number % 2 else stance("false", "against", 0.2),
            stance("open", "neutral", 0.1),
        )
        answers.append(answered(f"text {number}", gold, *given))
    found = figures(answers)
    assert found["full claims"]["false_passing"] == 0.25
    low, high = found["full claims"]["false_passing_95"]
    assert 0.1 < low < 0.25 < high < 0.4
    groups = found["full by_group"]
    assert [groups[name]["accuracy"] for name in ("edit", "number", "unsaid")] == [1, 0.5, 1]
    assert [groups[name].get("false_passing") for name in groups] == [None, 0.5, 0]


@pytest.mark.parametrize(
    ("given", "share"),
    [
        pytest.param([(10, 20)], 1, id="the marked one"),
        pytest.param([(0, 9), (19, 30)], 1, id="the second, which overlaps"),
        pytest.param([(0, 10), (20, 30)], 0, id="its neighbours"),
        pytest.param([(0, 5), (5, 9), (10, 20)], 0, id="only the third"),
        pytest.param([], 0, id="none"),
    ],
)
def test_one_of_the_first_two_passages_should_be_marked(
    given: list[tuple[int, int]], share: float
) -> None:
    marked = (Span(10, 20),)
    gold: Gold = {
        "Bo": TargetGold("favor", Kind.ENTITY, marked),
        "Al": TargetGold("neutral", Kind.ENTITY, marked),
        "Cy": TargetGold("favor", Kind.ENTITY),
    }
    each = [stance(name, "favor", 0.9, *given) for name in ("Bo", "Al", "Cy")]
    found = figures([answered("text", gold, *each)])["full evidence"]
    assert found["targets"] == 1
    assert found["first_two_marked"] == share


def test_answers_of_a_text_know_that_they_belong_together() -> None:
    gold: Gold = {"Bo": TargetGold("favor"), "Al": TargetGold("favor")}
    found = judged([answered("t", gold, stance("Bo", "favor", 0.9), stance("Al", "favor", 0.9))])
    assert [each.text for each in found["full"]] == ["t", "t"]
