"""An article on its way to a summary: what was drafted of its sentences, and what passed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from torch import Tensor

from models.article import Style, Tier
from models.encoding.preparation import Prepared
from models.encoding.questions import Passages
from models.tasks.summary.check import Statement, Verdict
from models.tasks.summary.choice import Candidate, choose
from models.tasks.summary.drafts import (
    MAX_SENTENCE_WORDS,
    MIN_SENTENCE_WORDS,
    Draft,
    content_words,
    count_words,
    draft,
)
from models.tasks.summary.head import SCORES

CONSIDERED = 8
"""So many sentences are drafted, the best ones: what is chosen is among them."""
MIN_SENTENCES = 2
ALONE, CHOSEN = SCORES.index("alone"), {style: SCORES.index(style.value) for style in Style}
TOO_SHORT = "the text is too short to be summarised"
NOTHING = "no sentence of the text can stand in a summary"


class Outline:
    """The sentences of an article with their scores (S, scores), drafted, judged and chosen.

    It `is_broken` where a model gave no finite scores.
    """

    def __init__(self, prepared: Prepared, scores: Tensor) -> None:
        self.encoded = prepared.encoded
        self.style, self.tells_edits = prepared.options.style, prepared.options.edits
        self._max_words = prepared.options.max_words
        self._reader = prepared.reader
        self._share = scores[:, CHOSEN[self.style]].softmax(0).tolist()
        self._alone = scores[:, ALONE].sigmoid().tolist()
        self._sources = [draft(self.encoded, n) for n in range(len(self.encoded.sentences))]
        self._drafts: dict[int, Draft] = {}
        self._verdicts: dict[Draft, Verdict] = {}
        self._passages: Passages | None = None
        self.is_broken = not scores.isfinite().all()

    @property
    def reason(self) -> str:
        """Why there is no summary, where there is none."""
        few = len(self.encoded.sentences) < MIN_SENTENCES
        return TOO_SHORT if few else NOTHING

    @property
    def considered(self) -> list[int]:
        """The numbers of the sentences that are worth a draft, the best first."""
        order = sorted(range(len(self._share)), key=lambda n: (-self._share[n], n))
        return [n for n in order if self._is_whole(n)][:CONSIDERED]

    def _is_whole(self, index: int) -> bool:
        words = count_words(self._sources[index].text)
        return MIN_SENTENCE_WORDS <= words <= MAX_SENTENCE_WORDS

    def edit(self, drafted: Draft) -> None:
        """Takes in a draft of a sentence."""
        self._drafts[drafted.index] = drafted

    def statement(self, drafted: Draft) -> Statement:
        """A draft as it is checked."""
        if self._passages is None:
            self._passages = Passages(self.encoded)
        return Statement(drafted.text, self._passages, self._reader or Tier.FAST)

    def judge(self, drafted: Draft, verdict: Verdict) -> None:
        """Takes in what was found of a draft. A verdict that is no number breaks the article."""
        self._verdicts[drafted] = verdict
        self.is_broken |= not (math.isfinite(verdict.form) and math.isfinite(verdict.support))

    def support(self, drafted: Draft) -> float | None:
        """How sure the reader is that the article bears a draft out; None where nobody asked."""
        found = self._verdicts.get(drafted)
        return found.support if found else None

    def unchecked(self) -> list[Draft]:
        """The drafts that would be shown now and were not judged yet."""
        return [each for each in self._chosen() if each not in self._verdicts]

    def passed(self) -> list[Draft]:
        """What is shown: in a written summary only what was judged, and passed."""
        if self.style is Style.EXTRACTIVE:
            return self._chosen()
        return [d for d in self._chosen() if d in self._verdicts]

    def _chosen(self) -> list[Draft]:
        if len(self.encoded.sentences) < MIN_SENTENCES:
            return []
        best = {each.index: each for each in self._possible()}
        chosen = choose([self._candidate(each) for each in best.values()], self._max_words)
        return [best[one.index] for one in chosen]

    def _possible(self) -> Iterator[Draft]:
        """The best draft of each sentence that has not failed: the edited one, then the source."""
        for index in self.considered:
            options = [self._drafts.get(index, self._sources[index]), self._sources[index]]
            left = [d for d in options if d not in self._verdicts or self._verdicts[d].passes]
            if left:
                yield left[0]

    def _candidate(self, drafted: Draft) -> Candidate:
        index, sentence = drafted.index, self.encoded.sentences[drafted.index]
        dangling = self.encoded.language.grammar.dangling
        return Candidate(
            index=index,
            share=self._share[index],
            alone=self._alone[index],
            hangs=bool(index and dangling.match(self.encoded.text, sentence.start)),
            words=count_words(drafted.text),
            content=content_words(drafted.text),
        )
