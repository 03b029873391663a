"""From topic logits to a topic: a calibrated probability, abstention, and evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from models.analysis import TopicAnalysis
from models.article import Options
from models.encoding.preparation import Prepared
from models.encoding.tokens import ArticleEncoder, Encoded
from models.labels import Label
from models.network.heads import HeadOutput
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.calibration import FAR, tempered
from models.tasks.labelling import (
    NONE_OF_THESE,
    TOO_SHORT,
    UNLIKE,
    are_scores,
    evidence,
    ranked,
    segment_sentences,
)
from models.tasks.limits import why_withheld
from models.tasks.model import TaskModel
from models.tasks.topic.head import HEADS, TopicHead, looks, words_read
from models.tasks.topic.section import TopicSection

SHORT_WORDS = 50
"""Texts with fewer words are short: what is wrong of them is more often wrong."""
LEAST_WORDS = 6
"""With fewer there is nothing to tell."""


class TopicModel(TaskModel[TopicSection, TopicAnalysis]):
    """The topic of an article, by one of `HEADS` over its sentences."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> TopicSection:
        return TopicSection.from_json(section)

    @staticmethod
    def make_head(section: TopicSection, network: Network) -> TopicHead:
        return HEADS[section.head](network.hidden, len(section.labels))

    def __init__(self, section: TopicSection, network: Network, encoder: ArticleEncoder) -> None:
        self._section = section
        self._head = cast(TopicHead, network.head("topic"))
        self._codes = {label.name: label.code for label in section.labels}
        self._above = {label.name: label.parent for label in section.labels if label.parent}

    @property
    def labels(self) -> Mapping[str, Sequence[Label]]:
        return {"topic": self._section.labels}

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, TopicAnalysis]:
        output = self._head(*states.sentences)
        known = self._head.familiarity
        states_of, surfaces, words = looks(states)
        distances = known(states_of, surfaces, words).tolist()
        limited = self._section.calibration.max_class_distance < FAR
        others = known.from_classes(states_of).tolist() if limited else [-FAR] * len(batch)
        found = {
            row: self.topic(
                batch[row].encoded,
                output.row(row),
                batch[row].options.max_error,
                distances[row],
                others[row],
            )
            for row in rows
        }
        return {row: topic for row, topic in found.items() if math.isfinite(topic.confidence)}

    def topic(
        self,
        encoded: Encoded,
        output: HeadOutput,
        max_error: float | None = None,
        distance: float = -FAR,
        class_distance: float = -FAR,
    ) -> TopicAnalysis:
        """The topic of an article by the head's output for it, how unlike others it is, and how far
        from each of the labels."""
        names, fitted = self._section.names, self._section.calibration
        logits = dict(zip(names, output.logits.tolist(), strict=True))
        scores = ranked(tempered(logits, fitted.temperature))
        best, table = scores[0], self._section.limits.get("topic", ())
        words = words_read(encoded)
        least = max(fitted.threshold, fitted.short_threshold if words < SHORT_WORDS else 0.0)
        withheld = why_withheld(best.probability, least, table, max_error)
        if class_distance > fitted.max_class_distance:
            withheld = NONE_OF_THESE
        if distance > fitted.max_distance:
            withheld = UNLIKE
        if words < LEAST_WORDS:
            withheld = TOO_SHORT
        others = (each for each in scores[1:] if each.probability >= fitted.second_threshold)
        number = names.index(best.label)
        return TopicAnalysis(
            label=None if withheld else best.label,
            code=None if withheld else self._codes[best.label],
            confidence=best.probability,
            abstained=withheld is not None,
            topics=() if withheld else (best, *others),
            scores=scores,
            evidence=evidence(encoded, segment_sentences(encoded), output.contributions, number),
            distance=distance,
            parents=() if withheld else self._parents(best.label),
            zero_shot=self._section.zero_shot,
            withheld=withheld,
        )

    def _parents(self, label: str) -> tuple[str, ...]:
        """What a label is a part of, the nearest first."""
        found: list[str] = []
        while (above := self._above.get(found[-1] if found else label)) and above not in found:
            found.append(above)
        return tuple(found)

    def flaw(self, result: TopicAnalysis, options: Options) -> str | None:
        right = are_scores(result.scores, self._section.names)
        return None if right else "its topics are none of its labels"
