"""What becomes of short texts and of texts that are no news."""

from __future__ import annotations

from collections import Counter

import pytest

from models.engine import Engine
from training.data.roles import Role
from training.evaluation.odd import ODD, SHORT, OddText, ShortText, figures
from training.fitting.start import labels


@pytest.mark.parametrize("role", [Role.CHOOSE, Role.REPORT])
def test_each_sort_of_text_is_counted(engine: Engine, role: Role) -> None:
    found = figures(engine, role)
    short, odd = found["short"], found["odd"]
    assert short["all"]["texts"] == short["sentence"]["texts"] + short["opening"]["texts"] == 60
    assert odd["all"]["texts"] == 60
    assert set(odd) > {"list", "recipe", "code", "poem", "language"}
    for sort in (*short.values(), *odd.values()):
        assert all(0 <= sort[name] <= 1 for name in sort if name != "texts" and name[-3:] != "_95")


def test_other_languages_are_warned_of_by_any_model(engine: Engine) -> None:
    assert figures(engine)["odd"]["language"]["withheld_or_warned"] == 1


def test_the_texts_have_topics_of_ours_and_each_its_own_role() -> None:
    known = set(labels(None).topic_names)
    short = [ShortText.model_validate_json(line) for line in SHORT.read_text("utf-8").splitlines()]
    assert {text.topic for text in short} == known
    assert {text.also for text in short} <= known | {None}
    odd = [OddText.model_validate_json(line) for line in ODD.read_text("utf-8").splitlines()]
    texts = [text.text for text in (*short, *odd)]
    assert len(set(texts)) == len(texts)
    kinds = Counter((text.kind, text.split) for text in odd)
    assert set(kinds.values()) == {6}
