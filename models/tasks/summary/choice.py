"""Which sentences make a summary: the set that tells most within its words.

Sentences are weighed together, not one by one: one that hangs on the sentence before it is worth
more beside it, and what was said is not said again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

BEAM = 8
MOST = 16
"""Only so many of the best candidates are weighed: more never win."""
FLOOR, FLOOR_WORDS = 0.015, 60
"""In a summary of so many words a sentence is worth its words where its share of the story is at
least this; in a longer one, where it is less."""
REPEATS = 0.55
"""A sentence that shares this much of its words of content with another adds nothing."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may stand in a summary.

    `share` is how much of the story it tells (all of an article's add up to 1), `alone` how surely
    it stands alone. `hangs`: it opens with a word that hangs on the sentence before.
    """

    index: int
    share: float
    alone: float
    hangs: bool
    words: int
    content: frozenset[str]


def choose(candidates: Sequence[Candidate], max_words: int) -> tuple[Candidate, ...]:
    """The best set of some candidates, in the article's order; empty only if none is short enough.

    A beam search over sets, so time is bounded whatever the article.
    """
    floor = FLOOR * min(1.0, FLOOR_WORDS / max_words)
    best = sorted(candidates, key=lambda one: (-one.share * one.alone, one.index))[:MOST]
    beam: list[tuple[Candidate, ...]] = [()]
    top: tuple[float, tuple[Candidate, ...]] | None = None
    while beam:
        longer = {
            tuple(sorted((*chosen, one), key=lambda each: each.index))
            for chosen in beam
            for one in best
            if _fits(one, chosen, max_words)
        }
        ranked = sorted(
            ((worth(chosen, floor), chosen) for chosen in longer),
            key=lambda pair: (-pair[0], [one.index for one in pair[1]]),
        )
        if ranked and (top is None or ranked[0][0] > top[0]):
            top = ranked[0]
        beam = [chosen for _, chosen in ranked[:BEAM]]
    return top[1] if top else ()


def worth(chosen: Sequence[Candidate], floor: float) -> float:
    """How much a set tells, above what its sentences have to tell at least."""
    there = {one.index for one in chosen}
    return math.fsum(_gain(one, one.index - 1 in there, floor) for one in chosen)


def _gain(one: Candidate, with_the_one_before: bool, floor: float) -> float:
    alone = 1.0 if with_the_one_before and one.hangs else one.alone
    return one.share * alone - floor


def _fits(one: Candidate, chosen: Sequence[Candidate], max_words: int) -> bool:
    there = {each.index for each in chosen}
    words = sum(each.words for each in chosen) + one.words
    return (
        one.index not in there
        and words <= max_words
        and not any(_repeats(one.content, each.content) for each in chosen)
    )


def _repeats(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared >= REPEATS * max(1, min(len(one), len(other)))
