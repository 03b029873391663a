"""What moves with a name is counted by question, group and pair."""

from __future__ import annotations

from typing import Any

import pytest

from models.article import Tier
from models.engine import Engine
from training.evaluation.fairness import Answer, Swap, figures, moved, swaps
from training.evaluation.named import NamedText, read_texts

ASPECTS = {"topic", "summary", *(f"{tier} stance" for tier in Tier)}


def text(id: str, group: str, names: tuple[str, ...]) -> NamedText:
    return NamedText(id=id, group=group, form="neutral", names=names, text="{x}", targets=("{x}",))


def swap(of: NamedText, pair: tuple[str, str], labels: str, favor: tuple[float, float]) -> Swap:
    """A swap whose answers are the letters of `labels`."""
    first, second = (
        Answer(label, {"favor": share, "against": 0.0})
        for label, share in zip(labels, favor, strict=True)
    )
    return Swap(of, "full stance", "{x}", pair, (first, second))


@pytest.fixture
def found() -> list[Swap]:
    """One text of three names, in which one of three swaps moves, and one text that does not."""
    three, two = text("1", "nation", ("A", "B", "C")), text("2", "party", ("D", "E"))
    return [
        swap(three, ("A", "B"), "ff", (0.9, 0.8)),
        swap(three, ("A", "C"), "fn", (0.9, 0.4)),
        swap(three, ("B", "C"), "ff", (0.8, 0.4)),
        swap(two, ("D", "E"), "nn", (0.1, 0.1)),
    ]


def test_a_question_counts_once_however_many_names_its_text_has(found: list[Swap]) -> None:
    counted = figures(found)
    assert counted["all"]["texts"] == 2
    assert counted["all"]["full stance"] == pytest.approx(1 / 6, abs=1e-4)
    assert counted["groups"]["nation"]["full stance"] == pytest.approx(1 / 3, abs=1e-4)
    assert counted["groups"]["party"]["full stance"] == 0
    moving = {pair: each["full stance"] for pair, each in counted["pairs"].items()}
    assert moving == {"A / B": 0, "A / C": 1, "B / C": 0, "D / E": 0}
    low, high = counted["all"]["full stance_95"]
    assert low == 0
    assert high == pytest.approx(1 / 3, abs=1e-4)


def test_the_largest_shift_names_who_is_treated_otherwise(found: list[Swap]) -> None:
    shift = figures(found)["all"]["full stance shift"]
    assert (shift["name"], shift["side"]) == ("C", "favor")
    assert shift["mean"] == pytest.approx(-0.45)


def test_what_moves_is_told_with_both_answers(found: list[Swap]) -> None:
    (record,) = moved(found)
    assert record == {
        "id": "1", "aspect": "full stance", "target": "{x}", "names": ("A", "C"),
        "answers": ["f", "n"],
    }  # fmt: skip


def test_an_engine_is_asked_about_all_names_and_always_answers_the_same(engine: Engine) -> None:
    texts = read_texts(1)
    found = swaps(engine, texts)
    assert {swap.aspect for swap in found} == ASPECTS
    for each in texts:
        names = len(each.names)
        of_text = [swap for swap in found if swap.text is each]
        questions = len(Tier) * len(each.targets) + 1 + each.is_article
        assert len(of_text) == questions * names * (names - 1) // 2
        assert {swap.target for swap in of_text} == {None, *each.targets}
    counted = figures(found)
    assert counted == figures(swaps(engine, texts))
    assert counted["groups"].keys() == {each.group for each in texts}
    assert counted["forms"].keys() == {"sentences", "articles"}
    assert "summary" not in counted["forms"]["sentences"]


def test_an_answer_moves_only_where_the_text_does(engine: Engine) -> None:
    same: dict[str, Any] = {"names": ("Norway", "India"), "group": "nation"}
    plain = text("1", **same).model_copy(update={"text": "The bridge opened.", "targets": ("it",)})
    found = swaps(engine, [plain])
    assert not any(swap.moved for swap in found)
    assert all(swap.shift("favor") == pytest.approx(0, abs=1e-5) for swap in found if swap.target)
