"""Answers for labelled texts come in order, beside what people answered."""

from __future__ import annotations

from models import registry
from models.article import Article, Tier
from models.engine import Engine
from training.data.labelled import Labelled
from training.evaluation.evidence import evidence_effect
from training.evaluation.predictions import analyses, answered

TEXT = (
    "The council voted on Monday to reopen the harbour bridge. Work begins in May. "
    "Residents had asked for it for years. Critics say that it costs too much. "
    "The mayor said that the money was there. Buses will run over it again. "
    "The market hopes for more guests. Nobody spoke of tolls. The old lamps will stay."
)


def test_answers_come_in_order_and_empty_articles_are_errors(engine: Engine) -> None:
    texts = [TEXT, " ", *[TEXT] * 40]
    found = list(analyses(engine, (Article(text) for text in texts)))
    assert [isinstance(one, Exception) for one in found] == [False, True, *[False] * 40]


def test_only_texts_with_gold_are_asked_and_those_that_fail_are_left_out(engine: Engine) -> None:
    known = Labelled(TEXT, topics=["sport", "weather"])
    texts = [known, Labelled(TEXT), Labelled(" ", topics=["sport"]), known]
    found = answered(engine, registry.get("topic"), texts)
    assert [each.gold for each in found] == [["sport", "weather"]] * 2
    assert all(" ".join(each.sentences) == TEXT for each in found)
    stances: dict[str | None, str] = {"the bridge": "favor", None: "neutral"}
    found = answered(engine, registry.get("stance"), [Labelled(TEXT, stances=stances)])
    assert [each.options.reader for each in found] == [*Tier, None]
    targets = [[stance.target for stance in each.result] for each in found]
    assert targets == [["the bridge"], ["the bridge"], [None]]


def test_evidence_is_weighed_for_topics_and_for_each_target(engine: Engine) -> None:
    by_topic = evidence_effect(engine, [Labelled(TEXT, topics=["sport"])])
    assert by_topic["labels"] == 1
    stances: dict[str | None, str] = {"the bridge": "favor", "the mayor": "neutral"}
    by_target = evidence_effect(engine, [Labelled(TEXT, stances=stances)])
    assert by_target["labels"] == 2
    assert evidence_effect(engine, [Labelled(TEXT)]) == {}
