"""From topic logits to a topic: a calibrated probability, abstention, and evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.analysis import TopicAnalysis
from models.article import Options
from models.encoding.preparation import Prepared
from models.encoding.tokens import ArticleEncoder, Encoded
from models.labels import Label
from models.network.heads import HeadOutput, PooledHead
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.calibration import tempered
from models.tasks.labelling import are_scores, evidence, ranked, segment_sentences
from models.tasks.limits import why_withheld
from models.tasks.model import TaskModel
from models.tasks.topic.section import TopicSection


class TopicModel(TaskModel[TopicSection, TopicAnalysis]):
    """The topic of an article, by a `PooledHead` over its sentences."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> TopicSection:
        return TopicSection.from_json(section)

    @staticmethod
    def make_head(section: TopicSection, network: Network) -> PooledHead:
        return PooledHead(network.hidden, len(section.labels))

    def __init__(self, section: TopicSection, network: Network, encoder: ArticleEncoder) -> None:
        self._section, self._head = section, network.head("topic")
        self._codes = {label.name: label.code for label in section.labels}

    @property
    def labels(self) -> Mapping[str, Sequence[Label]]:
        return {"topic": self._section.labels}

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, TopicAnalysis]:
        output = self._head(*states.sentences)
        found = {
            row: self.topic(batch[row].encoded, output.row(row), batch[row].options.max_error)
            for row in rows
        }
        return {row: topic for row, topic in found.items() if math.isfinite(topic.confidence)}

    def topic(
        self, encoded: Encoded, output: HeadOutput, max_error: float | None = None
    ) -> TopicAnalysis:
        """The topic of an article by the head's output for it."""
        names, fitted = self._section.names, self._section.calibration
        logits = dict(zip(names, output.logits.tolist(), strict=True))
        scores = ranked(tempered(logits, fitted.temperature))
        best, table = scores[0], self._section.limits.get("topic", ())
        withheld = why_withheld(best.probability, fitted.threshold, table, max_error)
        number = names.index(best.label)
        return TopicAnalysis(
            label=None if withheld else best.label,
            code=None if withheld else self._codes[best.label],
            confidence=best.probability,
            abstained=withheld is not None,
            scores=scores,
            evidence=evidence(encoded, segment_sentences(encoded), output.contributions, number),
            withheld=withheld,
        )

    def flaw(self, result: TopicAnalysis, options: Options) -> str | None:
        right = are_scores(result.scores, self._section.names)
        return None if right else "its topics are none of its labels"
