"""From sentences to a summary: which of them it is made of, and with which edits.

Written: sentences are chosen, made to stand alone, trimmed and checked; what does not pass gives
way to the source sentence, and that to another. Extractive: sentences that already stand alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from models.analysis import Change, Span, Summary, SummarySentence
from models.article import Options, Style, Tier
from models.encoding.preparation import Prepared
from models.encoding.questions import NEWS
from models.encoding.tokens import ArticleEncoder
from models.network.network import Network
from models.network.states import EncodedArticles
from models.tasks.model import TaskModel
from models.tasks.summary.check import Checker
from models.tasks.summary.drafts import Draft, count_words, trimmed
from models.tasks.summary.edits import finished
from models.tasks.summary.head import (
    SpanTokens,
    SummaryHead,
    deletable,
    sentence_scores,
)
from models.tasks.summary.outline import Outline
from models.tasks.summary.section import SummarySection
from models.tasks.summary.spans import Deletion, deletions

ROUNDS = 3
"""How often another sentence is tried where some did not pass."""


class SummaryModel(TaskModel[SummarySection, Summary]):
    """The summary of an article, extractive or written."""

    @staticmethod
    def read(section: Mapping[str, Any]) -> SummarySection:
        return SummarySection.from_json(section)

    @staticmethod
    def make_head(section: SummarySection, network: Network) -> SummaryHead:
        return SummaryHead(network, section.layers)

    def __init__(self, section: SummarySection, network: Network, encoder: ArticleEncoder) -> None:
        self._fitted = section.calibration
        self._head = cast(SummaryHead, network.head("summary"))
        self._vocabulary = encoder.words()
        self._network, self._asks_news = network, encoder.target(NEWS)
        self._check = Checker(section.calibration, network, encoder)

    def answers(
        self, states: EncodedArticles, batch: Sequence[Prepared], rows: Sequence[int]
    ) -> dict[int, Summary]:
        scores = sentence_scores(self._head, states).cpu()
        outlines = {
            row: Outline(
                batch[row], scores[row, : len(batch[row].encoded.sentences)], self._vocabulary
            )
            for row in rows
        }
        written = {
            row: outline
            for row, outline in outlines.items()
            if batch[row].options.style is Style.WRITTEN and not outline.is_broken
        }
        self._weigh(written.values(), states.budget_tokens)
        self._trim(states, written)
        for _ in range(ROUNDS):
            self._check_all(written.values(), states.budget_tokens)
        return {row: summary(o) for row, o in outlines.items() if not o.is_broken}

    def _weigh(self, outlines: Iterable[Outline], budget_tokens: int) -> None:
        """Lets the readers say which of the sentences that are considered tell the news."""
        for tier in Tier:
            mine = [each for each in outlines if each.reader is tier and each.to_trim]
            if not mine:
                continue
            questions = [outline.news(self._asks_news) for outline in mine]
            news = self._network.reader(tier).read(questions, budget_tokens).news.tolist()
            for outline, question, told in zip(mine, questions, news, strict=True):
                places = zip(question.places, told, strict=False)
                outline.weigh({p.sentence: each for p, each in places if p.sentence is not None})

    def _trim(self, states: EncodedArticles, outlines: Mapping[int, Outline]) -> None:
        """Drafts of the sentences that are considered, without what is to go."""
        found: list[tuple[Outline, int, tuple[Deletion, ...]]] = []
        spans: list[SpanTokens] = []
        for row, outline in outlines.items():
            encoded = outline.encoded
            for index in outline.to_trim:
                sentence = encoded.sentences[index]
                each = [
                    (deletion, SpanTokens(row, *encoded.tokens(sentence, *_ends(deletion))))
                    for deletion in deletions(encoded.text, sentence, encoded.language)
                    if deletion.may
                ]
                read = [(deletion, at) for deletion, at in each if at.first < at.last]
                found.append((outline, index, tuple(deletion for deletion, _ in read)))
                spans += [at for _, at in read]
        sure = iter(deletable(self._head, states, spans).sigmoid().tolist() if spans else ())
        for outline, index, held in found:
            chances = [next(sure) for _ in held]
            outline.is_broken |= not all(map(math.isfinite, chances))
            least = self._fitted.delete_threshold
            outline.edit(trimmed(outline.encoded, index, held, chances, least))

    def _check_all(self, outlines: Iterable[Outline], budget_tokens: int) -> None:
        """A verdict on each sentence that would be shown now and has none yet."""
        asked = [(outline, draft) for outline in outlines for draft in outline.unchecked()]
        statements = [outline.statement(draft) for outline, draft in asked]
        verdicts = self._check(statements, budget_tokens)
        for (outline, draft), verdict in zip(asked, verdicts, strict=True):
            outline.judge(draft, verdict)

    def flaw(self, result: Summary, options: Options) -> str | None:
        each = [result.support, *(sentence.support for sentence in result.sentences)]
        supported = [support for support in each if support is not None]
        right = (
            result.style is options.style
            and bool(result.sentences) == (result.withheld is None)
            and 0 <= result.words <= options.max_words
            and all(0 <= support <= 1 for support in supported)
        )
        return None if right else "it gives no summary"


def _ends(span: Span) -> tuple[int, int]:
    return span.start, span.end


def summary(outline: Outline) -> Summary:
    """The summary of an article as its sentences were judged."""
    shown = [_sentence(outline, drafted) for drafted in outline.passed()]
    text = " ".join(sentence.text for sentence in shown)
    supported = [each.support for each in shown if each.support is not None]
    return Summary(
        text=text,
        style=outline.style,
        words=count_words(text),
        support=min(supported, default=None),
        withheld=None if shown else outline.reason,
        sentences=tuple(shown),
    )


def _sentence(outline: Outline, drafted: Draft) -> SummarySentence:
    encoded, source = outline.encoded, outline.encoded.sentences[drafted.index]
    edits = None
    if outline.tells_edits:
        changes = finished(encoded.text, source, drafted.edits, encoded.language)
        edits = tuple(Change(each.start, each.end, each.text) for each in changes)
    return SummarySentence(
        text=drafted.text,
        source=Span(source.start, source.end),
        edited=bool(drafted.edits),
        support=outline.support(drafted),
        edits=edits,
    )
