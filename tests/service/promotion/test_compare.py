"""A worse candidate never passes, an equal one does, and too few texts say nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.article import Tier
from models.engine import Engine
from models.tasks.evaluation import TargetGold
from models.tasks.judged import Judged
from models.tasks.paired import Difference, least_texts
from service.archive.labelled import LabelledText
from service.promotion.compare import (
    Answers,
    Given,
    Group,
    Question,
    Verdict,
    answers_of,
    compare,
    verdict,
)

TOPIC, STANCE = Group("topic", "topic", None), Group("stance", "stance", Tier.FULL)
OWN = Group("stance", "overall", None)
TOPICS = ["sport", "health", "war", "weather"]
TOLERANCE = 0.02
ENOUGH = least_texts(TOLERANCE)


def scores(label: str, names: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """A label is sure, and the others are equally likely."""
    rest = [name for name in names if name != label]
    return ((label, 0.7), *((name, 0.3 / len(rest)) for name in rest))


def answers(
    labels: Sequence[str],
    gold: Sequence[str],
    names: Sequence[str] = TOPICS,
    shown: Callable[[int], bool] = lambda _: True,
    groups: Sequence[Group] = (TOPIC,),
) -> Answers:
    """A model that answers each text with a label."""
    given = {
        Question(str(n), None): Given(Judged(scores(label, names), (right,), str(n)), shown(n))
        for n, (label, right) in enumerate(zip(labels, gold, strict=True))
    }
    tasks = tuple(dict.fromkeys(group.task for group in groups))
    labels_of = {group.labels: list(names) for group in groups}
    return Answers(tasks, (Tier.FULL,), labels_of, dict.fromkeys(groups, given))


def gold(count: int, seed: int = 0) -> list[str]:
    return random.Random(seed).choices(TOPICS, k=count)


def mostly_right(right: Sequence[str], seed: int = 0, share: float = 0.8) -> list[str]:
    """Answers of which a share is right."""
    draw = random.Random(seed)
    return [label if draw.random() < share else draw.choice(TOPICS) for label in right]


def test_an_equal_candidate_passes() -> None:
    right = gold(ENOUGH)
    model = answers(mostly_right(right), right)
    found = compare(model, model, TOLERANCE)
    assert found.reasons() == []
    assert {figure.name for figure in found.figures} == {
        "macro_f1",
        "main_or_second",
        "right_and_shown",
    }
    assert set(found.by_label["topic"]) == set(TOPICS)


def test_a_better_candidate_passes() -> None:
    right = gold(ENOUGH)
    current = answers(mostly_right(right), right)
    assert compare(current, answers(right, right), TOLERANCE).reasons() == []


@pytest.mark.parametrize("seed", range(20))
def test_a_worse_candidate_is_refused(seed: int) -> None:
    """Its labels are the current model's, shuffled among the texts."""
    right = gold(400, seed)
    labels = mostly_right(right, seed)
    shuffled = random.Random(seed).sample(labels, len(labels))
    found = compare(answers(labels, right), answers(shuffled, right), TOLERANCE)
    assert {figure.verdict for figure in found.figures} == {Verdict.WORSE}
    assert len(found.reasons()) == 3


@pytest.mark.parametrize("seed", range(20))
def test_a_slightly_worse_candidate_is_not_promoted(seed: int) -> None:
    """It is wrong where the other is right in one text of ten, and never the other way round."""
    right = gold(1000, seed)
    labels = mostly_right(right, seed)
    draw = random.Random(seed)
    worse = [draw.choice(TOPICS) if draw.random() < 0.1 else label for label in labels]
    assert compare(answers(labels, right), answers(worse, right), TOLERANCE).reasons()


def test_too_few_texts_are_refused_and_how_many_are_needed_is_told() -> None:
    right = gold(ENOUGH - 1)
    model = answers(right, right)
    reasons = compare(model, model, TOLERANCE).reasons()
    assert len(reasons) == 3
    assert f"too few texts ({ENOUGH - 1}; about {ENOUGH} are needed)" in reasons[0]


def test_answers_that_often_differ_need_more_texts() -> None:
    right = gold(400)
    one, other = (answers(mostly_right(right, seed), right) for seed in (1, 2))
    (figure,) = [f for f in compare(one, other, TOLERANCE).figures if f.name == "main_or_second"]
    assert figure.verdict is Verdict.TOO_FEW
    assert figure.needed > 1000


@pytest.mark.slow
def test_so_many_texts_are_then_enough() -> None:
    right = gold(8000)
    one, other = (answers(mostly_right(right, seed), right) for seed in (1, 2))
    found = compare(one, other, TOLERANCE)
    assert all(figure.needed < 8000 for figure in found.figures)
    assert found.reasons() == []


def test_a_candidate_that_withholds_everything_is_worse() -> None:
    right = gold(ENOUGH)
    silent = answers(right, right, shown=lambda _: False)
    found = compare(answers(right, right), silent, TOLERANCE)
    wrong = [figure.name for figure in found.figures if figure.verdict is not Verdict.PASSES]
    assert wrong == ["right_and_shown"]
    assert "right_and_shown worse: -1.0000" in found.reasons()[0]


def test_articles_that_the_candidate_fails_on_are_wrong() -> None:
    right = gold(ENOUGH)
    model = answers(right, right)
    some = dict(list(model.groups[TOPIC].items())[: ENOUGH // 2])
    found = compare(model, replace(model, groups={TOPIC: some}), TOLERANCE)
    assert len(found.reasons()) == 3
    assert found.figures[0].found.texts == ENOUGH
    assert compare(replace(model, groups={TOPIC: some}), model, TOLERANCE).reasons() == []


def test_labels_of_one_model_only_are_left_out_and_it_is_told() -> None:
    right = [*gold(ENOUGH), *["crime"] * 50]
    known = [*TOPICS, "crime"]
    current = answers(right, right, known)
    candidate = answers([*right[:ENOUGH], *["war"] * 50], right, TOPICS)
    found = compare(current, candidate, TOLERANCE)
    assert found.reasons() == []
    assert {figure.found.texts for figure in found.figures} == {ENOUGH}
    assert any("crime" in note for note in found.notes)
    assert "crime" not in found.by_label["topic"]


def test_an_answer_that_only_one_model_knows_is_not_held_against_it() -> None:
    right = gold(ENOUGH)
    novel = answers(["crime"] * ENOUGH, right, [*TOPICS, "crime"])
    second = {
        question: each._replace(
            judged=replace(each.judged, scores=(("crime", 0.6), (right[int(question.text)], 0.4)))
        )
        for question, each in novel.groups[TOPIC].items()
    }
    found = compare(answers(right, right), replace(novel, groups={TOPIC: second}), TOLERANCE)
    assert found.reasons() == []


def test_a_task_or_reader_that_is_missing_is_refused_unless_it_may_be() -> None:
    right = gold(ENOUGH)
    both = answers(right, right, groups=(TOPIC, STANCE))
    one = replace(answers(right, right), readers=())
    found = compare(both, one, TOLERANCE)
    assert found.reasons() == ["it has no task stance", "it has no reader full"]
    assert found.reasons(allow_missing=True) == []
    assert compare(one, both, TOLERANCE).reasons() == [], "more than there was is no harm"


def test_a_task_without_labels_is_refused_unless_it_is_skipped() -> None:
    right = gold(ENOUGH)
    model = replace(answers(right, right), tasks=("topic", "stance", "summary"))
    found = compare(model, model, TOLERANCE)
    assert found.unlabelled == ("stance",)
    assert found.reasons() == ["stance is not compared, for the data has no labels of it"]
    assert found.reasons(skipped=["stance"]) == []
    assert any("summary" in note for note in found.notes)


def test_a_skipped_task_does_not_decide() -> None:
    right = gold(ENOUGH)
    worse = answers(right[::-1], right)
    found = compare(answers(right, right), worse, TOLERANCE)
    assert found.reasons()
    assert found.reasons(skipped=["topic"]) == []


def test_stances_are_measured_by_reader_and_apart_from_own_subjects() -> None:
    right = gold(ENOUGH)
    model = answers(right, right, groups=(STANCE, OWN))
    found = compare(model, model, TOLERANCE)
    assert list(found.by_label) == ["stance full", "stance overall"]
    assert {figure.name for figure in found.figures} == {"macro_f1", "right_and_shown"}


LIMITS = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)


@given(LIMITS, st.integers(1, 5000), st.floats(0.001, 0.5))
def test_what_passes_is_never_worse_than_the_tolerance(
    limits: Sequence[float], texts: int, tolerance: float
) -> None:
    low, high = limits
    found = verdict(Difference(0.5, 0.5, low, high, texts), tolerance)
    passes = low > -tolerance and texts >= least_texts(tolerance)
    assert (found is Verdict.PASSES) == passes
    if found is Verdict.WORSE:
        assert high < 0
    if found is Verdict.UNSHOWN:
        assert high - low < 2 * tolerance


WORDS = ("The council met on day {n} in town {m}. Rain fell on the harbour. It was late, and {w} "
         "went home.")  # fmt: skip


@pytest.fixture(scope="module")
def read(engine: Engine) -> Answers:
    """The answers of the tiny model to 80 texts."""
    one, other, third, *_ = (label.name for label in engine.info.labels["topic"])
    texts = [
        LabelledText(
            WORDS.format(n=n, m=n * 7, w=["people", "sailors", "doctors"][n % 3]),
            None,
            [one, other] if n % 2 else [third],
            {None: TargetGold("favor"), "the harbour": TargetGold(["against", "favor"][n % 2])},
        )
        for n in range(80)
    ]
    return answers_of(engine, texts)


def test_a_model_answers_all_that_is_labelled(read: Answers) -> None:
    assert {group.name: len(given) for group, given in read.groups.items()} == {
        "topic": 80,
        "stance full": 80,
        "stance fast": 80,
        "stance overall": 80,
    }
    targets = {question.target for question in read.groups[STANCE]}
    assert targets == {"the harbour"}


def test_the_tiny_model_is_equal_to_itself(read: Answers) -> None:
    assert compare(read, read, 0.05).reasons() == []


def as_gold(read: Answers) -> Answers:
    """The same answers, where people say what the model does."""
    return replace(read, groups={
        group: {question: given._replace(judged=replace(given.judged, gold=(given.judged.label,)))
                for question, given in each.items()}
        for group, each in read.groups.items()
    })  # fmt: skip


def permuted(read: Answers, seed: int) -> Answers:
    """The same answers, where each label of a set is called by the name of another one."""
    return replace(read, groups={
        group: {question: given._replace(judged=renamed(given.judged, names))
                for question, given in each.items()}
        for group, each in read.groups.items()
        for names in [others(read.labels[group.labels], seed)]
    })  # fmt: skip


def others(names: Sequence[str], seed: int) -> Mapping[str, str]:
    shuffled = random.Random(seed).sample(list(names), len(names))
    return dict(zip(shuffled, [*shuffled[1:], shuffled[0]], strict=True))


def renamed(judged: Judged, names: Mapping[str, str]) -> Judged:
    return replace(judged, scores=tuple((names[label], share) for label, share in judged.scores))


@pytest.mark.parametrize("seed", range(20))
def test_a_model_whose_labels_are_permuted_is_refused(read: Answers, seed: int) -> None:
    current = as_gold(read)
    found = compare(current, permuted(current, seed), 0.05)
    assert {figure.verdict for figure in found.figures if figure.name == "macro_f1"} == {
        Verdict.WORSE
    }
    assert compare(current, current, 0.05).reasons() == []
