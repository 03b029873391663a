"""What of an article is read with a target: the passages that mention it, and the lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.encoding.tokens import Encoded, Integers
from models.text.language import Language
from models.text.words import is_content, normal, normal_words

PASSAGE_TOKENS = 192
"""How much of an article is read with a target: a longer one costs more and gains little."""
STEM_CHARS = 6
LEAD_BONUS = 0.3


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence in a question: its number in the article (None: the title), and its tokens."""

    sentence: int | None
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class StanceInput:
    """A target and what is read with it, as one row of the encoder.

    The first `asked` of its tokens are the target's prompt; the sentences stand behind it in the
    article's order. `named` says that the text has the target word for word.
    """

    ids: Integers
    asked: int
    places: tuple[Place, ...]
    named: bool


def questions(encoded: Encoded, targets: Sequence[tuple[str, Sequence[int]]]) -> list[StanceInput]:
    """The questions of an article, for targets with their prompts."""
    sentences = [encoded.text[s.start : s.end] for s in encoded.sentences]
    said = [_stems(sentence.split()) for sentence in sentences]
    wording = _wording(" ".join(sentences))
    return [
        _question(
            encoded,
            prompt,
            _order(said, target, encoded.language),
            named=_is_named(target, wording, encoded.language),
        )
        for target, prompt in targets
    ]


def _question(
    encoded: Encoded, prompt: Sequence[int], order: Sequence[int], *, named: bool
) -> StanceInput:
    """Sentences in the given order until there is no room; the first is cut if it needs more."""
    title = [(-1, *encoded.title)] if encoded.title else []
    sentences = [(n, encoded.sentences[n].first, encoded.sentences[n].last) for n in order]
    chosen: list[tuple[int, int, int]] = []
    left, quoted = PASSAGE_TOKENS, False
    for number, first, last in title + sentences:
        if last - first <= left or not quoted:
            chosen.append((number, first, min(last, first + left)))
            left -= chosen[-1][2] - first
            quoted |= number >= 0
    places, row, end = [], [np.asarray(prompt, np.int64)], len(prompt)
    for number, first, last in sorted(chosen):
        places.append(Place(number if number >= 0 else None, end, end + last - first))
        row.append(encoded.ids[first:last])
        end += last - first
    row.append(np.asarray(prompt[-1:], np.int64))
    return StanceInput(np.concatenate(row), len(prompt), tuple(places), named)


def _order(said: Sequence[set[str]], target: str, language: Language) -> list[int]:
    """Sentences by how much of the target they mention; the lead counts too, less further down."""
    stems = _stems(word for word in target.split() if is_content(normal(word), language))
    score = [len(stems & words) / max(len(stems), 1) for words in said]
    return sorted(range(len(said)), key=lambda n: (-score[n] - LEAD_BONUS / (1 + n), n))


def _stems(words: Iterator[str] | Sequence[str]) -> set[str]:
    """The beginnings of words, so that a plural is the same word."""
    return {normal(word).strip("'\".,:;!?()“”‘’")[:STEM_CHARS] for word in words}


def _is_named(target: str, wording: str, language: Language) -> bool:
    """Whether a text has the target word for word, whatever its case and its `the` or `a`."""
    words = _wording(target).split()
    while len(words) > 1 and words[0] in language.grammar.articles:
        words.pop(0)
    return f" {' '.join(words)} " in wording


def _wording(text: str) -> str:
    """The normal words of a text, each between two spaces."""
    return f" {' '.join(normal_words(text))} "
