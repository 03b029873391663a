"""Which sentences a reference summary was made from, and how.

The sentences that carry the story are the greedy ROUGE oracle of Nallapati et al. 2017
(1611.04230); a pair to learn rewriting from is a summary sentence and the article sentence that
holds most of its content (Chen and Bansal 2018, P18-1063).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from models.encoding.tokens import ArticleEncoder, Encoded, Integers, Sentence
from models.tasks.summary.own_words import END, OwnWords
from models.text.words import is_content, normal, normal_words

MIN_WORDS, MAX_WORDS = 5, 36
MAX_SOURCE_WORDS = 90
MIN_CONTENT, MIN_REACHED = 0.6, 0.85
ORACLE_SENTENCES = 3
_LEAD_IN = re.compile(r"^(?:NEW|new)\s*:\s*")


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence (its token range and word tokens) and the words it was rewritten to.

    Step by step: `own` is the writer's own word (−1: not one), `target` a number that equals
    `source` where the source has the word (−1: nowhere), `pieces` the first piece of the word, and
    `copied` the source word it continues from (−1: own). The last step is the end.
    """

    first: int
    last: int
    words: Integers  # (W,)
    source: Integers  # (W,)
    own: Integers  # (T,)
    target: Integers  # (T,)
    pieces: Integers  # (T,)
    copied: Integers  # (T,)


def summary_sentences(summary: str) -> list[list[str]]:
    """The words of each line of a reference summary, without the closing stop."""
    lines = (normal_words(_LEAD_IN.sub("", line.strip())) for line in summary.split("\n"))
    return [line[:-1] if line[-1] == "." else line for line in lines if line]


def added_words(pairs: Iterable[tuple[list[str], list[str]]], count: int) -> list[str]:
    """The words that rewriting adds most often, for the writer's own; word 0 is the end."""
    added: Counter[str] = Counter()
    for source, target in pairs:
        held = set(source)
        added.update(
            word for word in target if word not in held and re.fullmatch(r"[a-z']+|[,:;]", word)
        )
    return ["</s>", *(word for word, _ in added.most_common(count - 1))]


def best_source(target: Sequence[str], sentences: Sequence[Sequence[str]]) -> int | None:
    """The sentence that holds most of the target's content words, if it holds enough."""
    content = {word for word in target if is_content(word)}
    if not MIN_WORDS <= len(target) <= MAX_WORDS or not content:
        return None
    shares = [len(content.intersection(sentence)) / len(content) for sentence in sentences]
    best = max(range(len(shares)), key=lambda i: (shares[i], -i), default=None)
    return best if best is not None and shares[best] >= MIN_CONTENT else None


def pair(
    encoded: Encoded, sentence: Sentence, target: list[str], own: OwnWords, encoder: ArticleEncoder,
    article_words: Iterable[str],
) -> Pair | None:  # fmt: skip
    """The steps by which the writer would write `target` from a sentence; None if it can't."""
    spans = encoded.words(sentence)[:MAX_SOURCE_WORDS]
    source = [normal(encoded.text[word.start : word.end]) for word in spans]
    allowed = own.allowed(article_words)
    own_steps = [own.index.get(word, -1) for word in target]
    own_steps = [step if step >= 0 and allowed[step] else -1 for step in own_steps]
    held = set(source)
    reached = sum(word in held or step >= 0 for word, step in zip(target, own_steps, strict=True))
    if not spans or reached < MIN_REACHED * len(target):
        return None
    numbers = {word: number for number, word in enumerate(dict.fromkeys(source))}
    copied = _follow(target, source)
    pieces = [
        int(encoded.ids[spans[at].token]) if at >= 0 else encoder.first_piece(word)
        for word, at in zip(target, copied, strict=True)
    ]
    return Pair(
        first=sentence.first,
        last=sentence.last,
        words=np.array([word.token for word in spans]),
        source=np.array([numbers[word] for word in source]),
        own=np.array([*own_steps, END]),
        target=np.array([*(numbers.get(word, -1) for word in target), -1]),
        pieces=np.array([*pieces, 0]),
        copied=np.array([*copied, -1]),
    )


def _follow(target: Sequence[str], source: Sequence[str]) -> list[int]:
    """For each word the place it is copied from: after the last one, else the nearest ahead."""
    places: list[int] = []
    last = -1
    for word in target:
        found = [index for index, held in enumerate(source) if held == word]
        place = min(found, key=lambda i: (i <= last, abs(i - last - 1)), default=-1)
        places.append(place)
        last = place if place >= 0 else last
    return places


def oracle(sentences: Sequence[Sequence[str]], summary: Sequence[Sequence[str]]) -> list[int]:
    """The sentences that together come closest to the summary, by ROUGE-1 + ROUGE-2 (F1)."""
    wanted = [word for line in summary for word in line]
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < ORACLE_SENTENCES:
        scores = {
            index: overlap([*chosen, index], sentences, wanted)
            for index in range(len(sentences))
            if index not in chosen
        }
        if not scores or max(scores.values()) <= best + 1e-9:
            break
        top = max(scores, key=lambda index: (scores[index], -index))
        best = scores[top]
        chosen.append(top)
    return chosen


def overlap(chosen: Iterable[int], sentences: Sequence[Sequence[str]], wanted: list[str]) -> float:
    """ROUGE-1 plus ROUGE-2 F1 of some sentences against a text, without stemming."""
    have = [word for index in sorted(chosen) for word in sentences[index]]
    return _f1(Counter(have), Counter(wanted)) + _f1(
        Counter(pairwise(have)), Counter(pairwise(wanted))
    )


def _f1(have: Counter[Any], wanted: Counter[Any]) -> float:
    common = (have & wanted).total()
    return 2 * common / (have.total() + wanted.total()) if common else 0.0
