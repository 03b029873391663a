"""What a reader reads: a target or a statement, and the sentences of the article that bear on it.

Which sentences bear on it is told by their words: rare ones of the article count more (the inverse
document frequency of Spärck Jones 1972, over sentences), the sentence after one that speaks of it
counts a little, and so does the lead.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.article import Kind
from models.encoding.tokens import Encoded, Integers
from models.text.language import Language
from models.text.words import is_content, normal_words

NEWS = "the main news"
"""What a reader is asked where it is to say which sentences tell the news."""
NEWS_TOKENS = 220
"""How much of an article is read with that."""
PASSAGE_TOKENS = 176
"""How much of an article is read with a target: a longer one costs more and gains little."""
TITLE_TOKENS = 40
STEM_CHARS = 6
LEAD_BONUS = (0.35, 0.25)
AFTER_BONUS, AFTER_LEAST, AFTER_FROM = 0.05, 0.3, 0.5
PLACE_COST = 0.002


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence in a question: its number in the article (None: the title), and its tokens."""

    sentence: int | None
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A target and what is read with it, as one row of a reader.

    The first `asked` of its tokens are the target's prompt; the sentences stand behind it in the
    article's order. `kind` is what the target is, None where the reader is to tell. `named` says
    that the text has the target word for word.
    """

    ids: Integers
    asked: int
    places: tuple[Place, ...]
    kind: Kind | None
    named: bool


class Passages:
    """The sentences of an article, as questions about it choose among them.

    `said` are the beginnings of each sentence's words of content.
    """

    def __init__(self, encoded: Encoded) -> None:
        self._encoded = encoded
        self._sentences = [encoded.text[s.start : s.end] for s in encoded.sentences]
        self.said = [_stems(sentence, encoded.language) for sentence in self._sentences]

    @cached_property
    def _wording(self) -> str:
        return _wording(" ".join(self._sentences))

    @cached_property
    def _weight(self) -> dict[str, float]:
        """What each word counts: more where fewer sentences have it."""
        held = Counter(stem for said in self.said for stem in said)
        return {stem: math.log1p(len(self._sentences) / n) for stem, n in held.items()}

    def question(
        self,
        prompt: Sequence[int],
        target: str,
        kind: Kind | None = None,
        tokens: int = PASSAGE_TOKENS,
    ) -> Question:
        """The question of a target with its prompt, over a passage of at most so many tokens."""
        return self._question(prompt, target, kind, self._order(target), tokens)

    def news(self, prompt: Sequence[int], order: Sequence[int]) -> Question:
        """The question which of some sentences tell the news, with its prompt: of those in the
        given order, as many as there is room for."""
        return self._question(prompt, NEWS, None, order, NEWS_TOKENS)

    def _question(
        self,
        prompt: Sequence[int],
        target: str,
        kind: Kind | None,
        order: Sequence[int],
        tokens: int,
    ) -> Question:
        places, ids, end = [], [np.asarray(prompt, np.int64)], len(prompt)
        for number, first, last in self._chosen(order, tokens):
            places.append(Place(number if number >= 0 else None, end, end + last - first))
            ids.append(self._encoded.ids[first:last])
            end += last - first
        ids.append(np.asarray(prompt[-1:], np.int64))
        named = _is_named(target, self._wording, self._encoded.language)
        return Question(np.concatenate(ids), len(prompt), tuple(places), kind, named)

    def _chosen(self, order: Sequence[int], room: int) -> list[tuple[int, int, int]]:
        """Sentences in the given order while there is room, behind the title; the first is cut if
        it needs more."""
        chosen: list[tuple[int, int, int]] = []
        for number in order:
            sentence = self._encoded.sentences[number]
            length = sentence.last - sentence.first
            if length <= room or not chosen:
                chosen.append((number, sentence.first, min(sentence.last, sentence.first + room)))
                room -= min(length, room)
        if self._encoded.title:
            first, last = self._encoded.title.first, self._encoded.title.last
            chosen.append((-1, first, min(last, first + TITLE_TOKENS)))
        return sorted(chosen)

    def _order(self, target: str) -> list[int]:
        """The numbers of the sentences, the one that bears most on the target first."""
        wanted = _stems(target, self._encoded.language) & self._weight.keys()
        base = [math.fsum(self._weight[stem] for stem in wanted & said) for said in self.said]
        most = max(base, default=0.0) or 1.0
        score = [each / most for each in base]
        for number in range(1, len(base)):
            if base[number - 1] > AFTER_FROM * most:
                score[number] = max(score[number], AFTER_LEAST) + AFTER_BONUS
        for number, bonus in zip(range(len(base)), LEAD_BONUS, strict=False):
            score[number] += bonus
        return sorted(range(len(base)), key=lambda n: (-score[n] + PLACE_COST * n, n))


def _stems(text: str, language: Language) -> set[str]:
    """The beginnings of a text's words of content, so that a plural is the same word."""
    return {word[:STEM_CHARS] for word in normal_words(text) if is_content(word, language)}


def _is_named(target: str, wording: str, language: Language) -> bool:
    """Whether a text has the target word for word, whatever its case and its `the` or `a`."""
    words = normal_words(target)
    while len(words) > 1 and words[0] in language.grammar.articles:
        words.pop(0)
    return _joined(words) in wording


def _wording(text: str) -> str:
    return _joined(normal_words(text))


def _joined(words: Iterable[str]) -> str:
    """Words as they are looked for, each between two spaces."""
    return f" {' '.join(words)} "
