"""When short and unlike texts are withheld, and when an article has a second topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from models.analysis import Analysis, TopicAnalysis
from models.article import Article
from models.encoding.preparation import Prepared
from models.engine import Engine
from models.labels import Label
from models.tasks import labelling
from models.tasks.topic.section import TopicCalibration, TopicSection
from models.tasks.topic.thresholds import MAX_SHORT_ERROR, MAX_UNLIKE, OPENING_WORDS, completed

SECTION = TopicSection((Label("sport"), Label("weather"), Label("health")))


@dataclass(frozen=True)
class Text:
    text: str
    topics: tuple[str, ...]
    title: str | None = None

    def gold(self, name: str) -> Any:
        return {"topics": self.topics}.get(name)


@dataclass
class Model:
    """Prepares as an engine does, and answers by a function of the text."""

    engine: Engine
    answer: Callable[[str], tuple[dict[str, float], float]]
    parallel: int = 1

    @property
    def preparer(self) -> Callable[[Article], Prepared]:
        return self.engine.preparer

    def analyze(self, batch: Sequence[Prepared]) -> list[Any]:
        return [self._one(prepared) for prepared in batch]

    def _one(self, prepared: Prepared) -> Analysis:
        scores, distance = self.answer(prepared.encoded.text)
        ranked = labelling.ranked(scores)
        best = ranked[0]
        topic = TopicAnalysis(
            best.label, None, best.probability, False, (best,), ranked, (), distance
        )
        report: Any = SimpleNamespace()
        return Analysis({"topic": topic}, "en", None, (), report)


def fitted(
    engine: Engine, texts: Sequence[Text], answer: Callable[[str], tuple[dict[str, float], float]]
) -> TopicCalibration:
    return completed(SECTION, Model(engine, answer), texts).calibration


LONG = "Rain fell on the town for most of the day and the river rose. " * 8


def test_few_short_texts_get_a_wrong_topic(engine: Engine) -> None:
    texts = [Text(f"Town {n}. {LONG}", ("sport",)) for n in range(100)]

    def answer(text: str) -> tuple[dict[str, float], float]:
        number = int(text.split(".")[0].split()[1])
        sure = 0.5 + number / 250  # every tenth is wrong, and as sure as the others
        right = number % 10 != 0
        return {"sport" if right else "weather": sure, "health": 1 - sure}, 0.0

    limit = fitted(engine, texts, answer).short_threshold
    wrong = [n for n in range(0, 100, 10) if 0.5 + n / 250 >= limit]
    assert 0 < len(wrong) <= MAX_SHORT_ERROR * len(texts)
    always_right = fitted(engine, texts, lambda _: ({"sport": 0.6, "health": 0.4}, 0.0))
    assert always_right.short_threshold == 0


def test_second_topics_are_given_from_where_they_are_mostly_right(engine: Engine) -> None:
    texts = [
        Text(f"Town {n}. {LONG}", ("sport", "weather") if n % 4 == 0 else ("sport",))
        for n in range(40)
    ]

    def answer(text: str) -> tuple[dict[str, float], float]:
        second = 0.3 if int(text.split(".")[0].split()[1]) % 4 == 0 else 0.2
        return {"sport": 0.65, "weather": second, "health": 0.35 - second}, 0.0

    assert 0.2 < fitted(engine, texts, answer).second_threshold <= 0.3
    one_each = [replace(text, topics=("sport",)) for text in texts]
    assert fitted(engine, one_each, answer).second_threshold == 1


def test_few_of_the_texts_are_unlike_those_of_training(engine: Engine) -> None:
    texts = [Text(f"Town {n}. {LONG}", ("sport",)) for n in range(100)]

    def answer(text: str) -> tuple[dict[str, float], float]:
        return {"sport": 0.6, "health": 0.4}, float(text.split(".")[0].split()[1])

    limit = fitted(engine, texts, answer).max_distance
    assert sum(n > limit for n in range(100)) == pytest.approx(100 * MAX_UNLIKE, abs=1)


def test_openings_and_first_sentences_stand_for_short_texts(engine: Engine) -> None:
    seen: list[str] = []

    def answer(text: str) -> tuple[dict[str, float], float]:
        seen.append(text)
        return {"sport": 0.6, "health": 0.4}, 0.0

    fitted(engine, [Text(f"Town hall. {LONG}", ("sport",))], answer)
    assert seen[1:] == [" ".join(seen[0].split()[:OPENING_WORDS]), "Town hall."]
