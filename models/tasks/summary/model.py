"""From sentences to a summary: which of them it is made of, and in which words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, cast

from models.analysis import Summary
from models.article import Options, Style
from models.encoding.preparation import Prepared
from models.encoding.tokens import ArticleEncoder
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.model import TaskModel
from models.tasks.summary import decision
from models.tasks.summary.head import SummaryHead, salience
from models.tasks.summary.own_words import OwnWords
from models.tasks.summary.section import SummarySection
from models.tasks.summary.writer import Request, Writer


class SummaryModel(TaskModel[SummarySection, Summary]):
    """The summary of an article, extractive or written."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> SummarySection:
        return SummarySection.from_json(section)

    @staticmethod
    def make_head(section: SummarySection, network: Network) -> SummaryHead:
        words = len(section.own_words)
        return SummaryHead(network, words, section.decoder_layers, section.salience_layers)

    def __init__(self, section: SummarySection, network: Network, encoder: ArticleEncoder) -> None:
        self._head = cast(SummaryHead, network.head("summary"))
        self._own = OwnWords(section.own_words)
        pieces = [encoder.first_piece(word) for word in self._own.words]
        self._writer = Writer(self._head, self._own, pieces, encoder.write_id)

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Summary]:
        each = salience(self._head, states).cpu()
        scores = {row: each[row, : len(batch[row].encoded.sentences)].tolist() for row in rows}
        scores = {row: found for row, found in scores.items() if all(map(math.isfinite, found))}
        requests: dict[int, list[Request]] = {
            row: decision.requests(row, batch[row].encoded, found, batch[row].options.max_words)
            for row, found in scores.items()
            if batch[row].options.style is Style.WRITTEN
        }
        flat = [request for row in requests for request in requests[row]]
        drafts = iter(self._writer.rewrite(states, flat))
        summaries = {}
        for row, found in scores.items():
            encoded, most = batch[row].encoded, batch[row].options.max_words
            if row in requests:
                drafted = [(request, next(drafts)) for request in requests[row]]
                summaries[row] = decision.written(encoded, found, most, drafted, self._own)
            else:
                summaries[row] = decision.extractive(encoded, found, most)
        return summaries

    def flaw(self, result: Summary, options: Options) -> str | None:
        right = (
            result.style is options.style
            and bool(result.sentences)
            and 0 < result.words <= options.max_words
            and 0 <= result.support <= 1
        )
        return None if right else "it writes no summary"
