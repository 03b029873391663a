"""An article on its way to a summary: what was drafted of its sentences, and what passed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import cast

import torch
from torch import Tensor

from models.article import Style, Tier
from models.encoding.preparation import Prepared
from models.encoding.questions import Passages, Question
from models.tasks.summary.check import Statement, Verdict
from models.tasks.summary.choice import Candidate, choose
from models.tasks.summary.drafts import (
    MAX_SENTENCE_WORDS,
    MIN_SENTENCE_WORDS,
    Draft,
    content_words,
    count_words,
    draft,
    with_edits,
)
from models.tasks.summary.edits import Edit, Reason
from models.tasks.summary.form import dateline, flaws, is_glued, mends, opening
from models.tasks.summary.head import SCORES
from models.tasks.summary.mentions import Mentions, Needs
from models.text.words import normal_words

CONSIDERED, TRIMMED, LOOKED_AT = 10, 5, 40
"""What is chosen is among so many sentences, the best ones of the third number that have no flaw of
form; of those, so many are trimmed."""
MIN_SENTENCES = 2
CHOSEN_WEIGHT, ALONE_WEIGHT, CONTENT_WEIGHT, PLACE_WEIGHT = 0.4, 0.65, 0.048, 1.7
MOST_CONTENT = 40
NEWS_WEIGHT = 0.75
"""What the reader's log-odds that a sentence tells the news count beside the encoder's share."""
TINY = 1e-9
OFFERED = 2
"""Of those whom a pronoun may mean, so many are tried, the nearest ones."""
MARGIN = 0.3
"""Whom a pronoun means is settled where one is borne out by so much more than the other."""
ALONE, CHOSEN = SCORES.index("alone"), {style: SCORES.index(style.value) for style in Style}
TOO_SHORT = "the text is too short to be summarised"
NOTHING = "no sentence of the text can stand in a summary"


def shares(scores: Tensor, alone: Tensor, content: Sequence[int]) -> list[float]:
    """How much of the story each sentence tells (S); 1 in all.

    It is what the head says of it, weighed with how surely it stands alone, how much it says
    (`content`: words that carry content), and how early it stands. The weights are those of a
    multinomial logit on the sentences that editors put first.
    """
    place = torch.arange(len(scores)) / max(len(scores), 1)
    said = torch.tensor([min(words, MOST_CONTENT) for words in content])
    worth = (
        CHOSEN_WEIGHT * scores.log_softmax(0)
        + ALONE_WEIGHT * alone
        + CONTENT_WEIGHT * said
        - PLACE_WEIGHT * place
    )
    return cast(list[float], worth.softmax(0).tolist())


class Outline:
    """The sentences of an article with their scores (S, scores), drafted, judged and chosen.

    A sentence is tried as it was trimmed, then as it stands in the article, then not at all. It
    `is_broken` where a model gave no finite scores.
    """

    def __init__(
        self, prepared: Prepared, scores: Tensor, vocabulary: frozenset[str] = frozenset()
    ) -> None:
        self.encoded, self._vocabulary = prepared.encoded, vocabulary
        self.style, self.tells_edits = prepared.options.style, prepared.options.edits
        self._max_words = prepared.options.max_words
        self.reader = prepared.reader or Tier.FAST
        content = [len(said) for said in self._passages.said]
        self._share = shares(scores[:, CHOSEN[self.style]], scores[:, ALONE], content)
        self._alone = scores[:, ALONE].sigmoid().tolist()
        self._verdicts: dict[Draft, Verdict] = {}
        self.is_broken = not scores.isfinite().all()

    @property
    def reason(self) -> str:
        """Why there is no summary, where there is none."""
        few = len(self.encoded.sentences) < MIN_SENTENCES
        return TOO_SHORT if few else NOTHING

    @property
    def to_trim(self) -> list[int]:
        """The numbers of the sentences that are worth trimming, the best first."""
        return [number for number, drafts in self._left.items() if drafts][:TRIMMED]

    @cached_property
    def _left(self) -> dict[int, list[Draft]]:
        """What is still to be tried of each sentence that is worth it."""
        left: dict[int, list[Draft]] = {}
        best = sorted(range(len(self._share)), key=lambda n: (-self._share[n], n))
        for number in best[:LOOKED_AT]:
            source = self._source(number)
            fits = MIN_SENTENCE_WORDS <= count_words(source.text) <= MAX_SENTENCE_WORDS
            if fits and not self._is_flawed(source) and not self._is_glued(number):
                left[number] = [source]
            if len(left) == CONSIDERED:
                break
        return left

    def _source(self, number: int) -> Draft:
        """A sentence as it stands, but for its dateline, what hangs at its start, and glued words.
        An extract is left whole."""
        if self.style is Style.EXTRACTIVE:
            return draft(self.encoded, number)
        encoded, sentence = self.encoded, self.encoded.sentences[number]
        head = dateline(encoded.text, sentence, encoded.language)
        begin = head[0].end if head else sentence.start
        if number and (hanging := opening(encoded.text, begin, sentence.end, encoded.language)):
            head = [Edit(sentence.start, hanging[0].end, "", Reason.OPENING)]
            begin = head[0].end
        parted = mends(encoded.text, sentence, self._known, encoded.language)
        return draft(encoded, number, [*head, *(edit for edit in parted if edit.start >= begin)])

    @cached_property
    def _known(self) -> frozenset[str]:
        """The words that are taken for such: of the vocabulary, or of the article twice."""
        count = Counter(normal_words(self.encoded.text))
        return self._vocabulary | {word for word, times in count.items() if times > 1}

    def _is_flawed(self, drafted: Draft) -> bool:
        return bool(flaws(drafted.text, self.encoded.language))

    def _is_glued(self, number: int) -> bool:
        """Whether words of a sentence are glued that no edit parts: in an extract, any."""
        at = self.encoded.text, self.encoded.sentences[number], self._known, self.encoded.language
        return is_glued(*at) or (self.style is Style.EXTRACTIVE and bool(mends(*at)))

    def news(self, prompt: Sequence[int]) -> Question:
        """The question which of the sentences that are considered tell the news."""
        return self._passages.news(prompt, list(self._left))

    def weigh(self, news: Mapping[int, float]) -> None:
        """Takes in how surely sentences tell the news (logits), as the reader says; the others are
        considered last."""
        self.is_broken |= not all(map(math.isfinite, news.values()))
        said = {n: math.log(max(self._share[n], TINY)) for n in news}
        worth = {n: said[n] + NEWS_WEIGHT * told for n, told in news.items()}
        most = max(worth.values(), default=0.0)
        told = {n: math.exp(each - most) for n, each in worth.items()}
        total = math.fsum(told.values())
        for number in self._left:
            self._share[number] = told.get(number, 0.0) / max(total, 1.0)
        best = sorted(self._left, key=lambda n: (-self._share[n], n))
        self._left = {number: self._left[number] for number in best}

    def edit(self, drafted: Draft) -> None:
        """Takes in a draft of a sentence that is considered, to be tried before the source."""
        left = self._left[drafted.index]
        drafted = with_edits(self.encoded, drafted, self._source(drafted.index).edits)
        if drafted not in left and not self._is_flawed(drafted):
            left.insert(0, drafted)

    def statement(self, drafted: Draft) -> Statement:
        """A draft as it is checked."""
        return Statement(drafted.text, self._passages, self.reader)

    @cached_property
    def _passages(self) -> Passages:
        return Passages(self.encoded)

    @cached_property
    def _mentions(self) -> Mentions:
        encoded = self.encoded
        return Mentions(encoded.text, encoded.sentences, encoded.language)

    def judge(self, drafted: Draft, verdict: Verdict) -> None:
        """Takes in what was found of a draft. A verdict that is no number breaks the article."""
        self._verdicts[drafted] = verdict
        self.is_broken |= not (math.isfinite(verdict.form) and math.isfinite(verdict.support))

    def support(self, drafted: Draft) -> float | None:
        """How sure the reader is that the article bears a draft out; None where nobody asked."""
        found = self._verdicts.get(drafted)
        return found.support if found else None

    def unchecked(self) -> list[Draft]:
        """The drafts that would be shown now, or settle what is, and were not judged yet."""
        return [each for tried in self._chosen() for each in tried if each not in self._verdicts]

    def passed(self) -> list[Draft]:
        """What is shown: in a written summary only what was judged, and passed."""
        if self.style is Style.EXTRACTIVE:
            return [source for (source,) in self._chosen()]
        judged = [tried for tried in self._chosen() if all(d in self._verdicts for d in tried)]
        return [best for tried in judged if (best := self._best(tried)) is not None]

    def _chosen(self) -> list[list[Draft]]:
        """The sentences of the summary as things stand, in the article's order, each with the
        drafts of which one is to be shown."""
        if len(self.encoded.sentences) < MIN_SENTENCES:
            return []
        while True:
            bases = {n: self._left[n][0] for n in self._left if self._left[n]}
            chosen = choose([self._candidate(each) for each in bases.values()], self._max_words)
            tried = self._introduced([bases[one.index] for one in chosen])
            failed = [base for base, drafts in tried if not self._may_pass(drafts)]
            if not failed:
                return [drafts for _, drafts in tried]
            for base in failed:
                self._left[base.index].remove(base)

    def _introduced(self, bases: Sequence[Draft]) -> list[tuple[Draft, list[Draft]]]:
        """Each draft with what has to be tried of it: who is meant is put in, as far as the
        sentences before it in the summary do not say. Nothing of it where that is not known; of an
        extract nothing where a pronoun would hang."""
        spans = [self.encoded.sentences[base.index] for base in bases]
        needs = self._mentions.introductions(spans)
        if self.style is Style.EXTRACTIVE:
            return [(base, [base] * n.stands) for base, n in zip(bases, needs, strict=True)]
        return [(base, list(self._tried(base, n))) for base, n in zip(bases, needs, strict=True)]

    def _tried(self, base: Draft, needs: Needs) -> Iterator[Draft]:
        """The drafts of which one is to be shown: where it is not sure who is meant, one for each
        of those who may be."""
        if needs.hanging or len(needs.offers) > 1:
            return
        sure = [each.edit for each in needs.introductions]
        offered = [[each.edit] for each in needs.offers[0][:OFFERED]] if needs.offers else [[]]
        for edits in offered:
            drafted = with_edits(self.encoded, base, [*sure, *edits])
            if not self._is_flawed(drafted):
                yield drafted

    def _may_pass(self, tried: Sequence[Draft]) -> bool:
        """Whether one of some drafts may be shown yet."""
        unjudged = any(each not in self._verdicts for each in tried)
        return unjudged or self._best(tried) is not None

    def _best(self, tried: Sequence[Draft]) -> Draft | None:
        """The draft that passes; of two that mean different people, only a clear one."""
        order = sorted(tried, key=lambda each: -self._verdicts[each].support)
        if not order or not self._verdicts[order[0]].passes:
            return None
        first, *others = (self._verdicts[each].support for each in order)
        return order[0] if not others or first - others[0] >= MARGIN else None

    def _candidate(self, base: Draft) -> Candidate:
        index, sentence = base.index, self.encoded.sentences[base.index]
        dangling = self.encoded.language.grammar.dangling
        whole = base
        if self.style is Style.WRITTEN:
            ((_, tried),) = self._introduced([base])
            whole = next(iter(tried), base)
        return Candidate(
            index=index,
            share=self._share[index],
            alone=self._alone[index],
            hangs=bool(index and dangling.match(self.encoded.text, sentence.start)),
            words=count_words(whole.text),
            content=content_words(base.text),
        )
