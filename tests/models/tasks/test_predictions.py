"""Answers for labelled texts come in order, beside what people answered."""

from __future__ import annotations

from models import registry
from models.article import Article, Tier
from models.engine import Engine
from models.tasks.judged import Judged
from models.tasks.predictions import analyses, answered, tables
from models.tasks.topic.metrics import EVALUATION as TOPIC
from models.tasks.topic.section import TopicCalibration
from training.data.labelled import Labelled

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


def test_a_table_counts_one_answer_of_each_text_above_the_threshold() -> None:
    def judged(text: str, sure: float, gold: str = "yes") -> Judged:
        return Judged((("yes", sure), ("no", 1 - sure)), (gold,), text)

    answers = [judged(f"text {n}", 0.9) for n in range(10) for _ in range(3)]
    answers += [judged("wrong", 0.7, "no"), judged("unsure", 0.55)]
    found = tables(TOPIC, {"topic": answers}, TopicCalibration(threshold=0.6))
    (*_, last) = found["topic"]
    assert (last.least, last.answered, last.wrong) == (0.6, 11, 1)
    assert tables(TOPIC, {"topic": []}, TopicCalibration()) == {}
