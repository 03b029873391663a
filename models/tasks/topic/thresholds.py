"""What a calibration of topics has beside its temperature: when short texts, and those unlike any
in training, are withheld, and when an article has a second topic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models import registry
from models.analysis import Score, TopicAnalysis
from models.tasks.calibration import FAR, tempered
from models.tasks.evaluation import Answered
from models.tasks.labelling import ranked
from models.tasks.predictions import Model, Text, answered
from models.tasks.topic.section import TopicSection
from models.text.sentences import split

OPENING_WORDS = 40
MAX_SHORT_ERROR = 0.06
"""Of short texts at most this share gets a wrong topic; the others are right or withheld."""
MAX_UNLIKE = 0.03
"""Of texts like those of training at most this share is withheld for being unlike them."""
SECONDS = tuple(hundredths / 100 for hundredths in range(1, 50))


@dataclass(frozen=True, slots=True)
class Cut:
    """A part of a labelled text, without its title: its labels are those of the whole."""

    text: str
    whole: Text
    title: str | None = None

    def gold(self, name: str) -> Any:
        return self.whole.gold(name)


def completed(section: TopicSection, model: Model, texts: Sequence[Text]) -> TopicSection:
    """A section that has a temperature, with the rest by texts that were not trained on.

    The model's own topics are neutral: of temperature 1, and with nothing withheld.
    """
    task = registry.get("topic")
    whole = answered(model, task, texts)
    short = answered(model, task, [cut for text in texts for cut in _cuts(text)])
    temperature = section.calibration.temperature
    calibration = replace(
        section.calibration,
        short_threshold=_short_threshold(short, temperature),
        second_threshold=_second_threshold(whole, temperature),
        max_distance=_max_distance(whole),
    )
    return replace(section, calibration=calibration)


def opening(text: str) -> str:
    """The first words of a text, as many as a short one has."""
    return " ".join(text.split()[:OPENING_WORDS])


def _cuts(text: Text) -> Iterator[Cut]:
    """The opening of a text, and its first sentence."""
    yield Cut(opening(text.text), text)
    for first in split(text.text)[:1]:
        yield Cut(text.text[first.start : first.end], text)


def _scores(result: TopicAnalysis, temperature: float) -> tuple[Score, ...]:
    logits = {score.label: math.log(max(score.probability, 1e-9)) for score in result.scores}
    return ranked(tempered(logits, temperature))


def _short_threshold(short: Sequence[Answered], temperature: float) -> float:
    """The least confidence at which few enough of all short texts get a wrong topic."""
    wrong = sorted(
        (best.probability for each in short for best in [_scores(each.result, temperature)[0]]
         if best.label not in each.gold),
        reverse=True,
    )  # fmt: skip
    borne = int(MAX_SHORT_ERROR * len(short))
    return min(1.0, round(wrong[borne] + 1e-3, 3)) if len(wrong) > borne else 0.0


def _second_threshold(whole: Sequence[Answered], temperature: float) -> float:
    """The probability from which other topics are given that tells second topics best (F1)."""
    told = [(_scores(each.result, temperature), each.gold) for each in whole]
    least = [
        [(s.probability, s.label in gold) for s in scores[1:]]
        for scores, gold in told
        if scores[0].label in gold
    ]
    wanted = sum(is_gold for each in least for _, is_gold in each)

    def f1(threshold: float) -> float:
        given = [is_gold for each in least for p, is_gold in each if p >= threshold]
        return 2 * sum(given) / max(1, len(given) + wanted)

    return max(SECONDS, key=f1) if wanted else 1.0


def _max_distance(texts: Sequence[Answered]) -> float:
    """The distance that few enough of the texts exceed."""
    distances = sorted(each.result.distance for each in texts)
    return round(distances[math.ceil((1 - MAX_UNLIKE) * len(distances)) - 1], 3) if texts else FAR
