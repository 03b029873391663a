"""Which sentences make the summary, as a set.

The set is searched for as a whole (McDonald 2007, a knapsack of sentences with a cost for saying
things twice), not sentence by sentence: a greedy choice takes a long first sentence that leaves no
room for the second. Over `MAX_CANDIDATES` sentences every set of up to `MAX_SENTENCES` is tried.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

MAX_CANDIDATES = 12
MAX_SENTENCES = 4
REPEATS = 0.55
"""A sentence that shares this much of its content words with another says it again."""
OVERLAP_COST = 1.0
"""What it costs to share all content words with a sentence before, in logarithms of odds."""
LENGTHS = {1: 0.6, 2: 0.0, 3: 0.0, 4: 0.5}
"""What a summary of so many sentences costs: two or three are best."""
MISSING_LEAD_COST = 1.0
"""What it costs to leave out the news: nothing of the sentence that is likeliest to hold it."""
LEAD_SHARE = 0.3
"""The news is told where a sentence has so much of the content words of that sentence."""
MIN_PROBABILITY = 1e-4


@dataclass(frozen=True, slots=True)
class Choosable:
    """A sentence that may stand in the summary.

    `index` is its place in the article. `score` is the probability (0 to 1) that an editor would
    choose it, `alone` that it stands alone, both after its edits. `content` are its content words.
    `needs` is the sentence that it hangs on: it is chosen only together with that one.
    """

    index: int
    score: float
    alone: float
    words: int
    content: frozenset[str]
    needs: int | None = None


def choose(
    sentences: Sequence[Choosable], max_words: int, base: float = 0.25
) -> tuple[Choosable, ...]:
    """The set of sentences that tells most in at most `max_words` words, in the article's order.

    Sentences with flaws are left out before. A sentence is worth the log odds of its score against
    `base`, the share of sentences that editors choose, and the logarithm of `alone` where it is not
    chosen with what it hangs on. Empty only where no sentence fits.
    """
    fitting = [each for each in sentences if each.words <= max_words]
    best = sorted(fitting, key=lambda each: (-_worth(each, base), each.index))
    pool = sorted(_with_needed(best[:MAX_CANDIDATES], fitting), key=lambda each: each.index)
    lead = _lead(pool)
    sets = (
        chosen
        for size in range(1, MAX_SENTENCES + 1)
        for chosen in combinations(pool, size)
        if sum(each.words for each in chosen) <= max_words and _is_whole(chosen)
    )
    found = max(sets, key=lambda chosen: (_value(chosen, lead, base), _places(chosen)), default=())
    return found or tuple(best[:1])


def repeats(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether content words say again what others say."""
    return len(one & other) >= REPEATS * max(1, min(len(one), len(other)))


def _with_needed(best: Sequence[Choosable], fitting: Sequence[Choosable]) -> set[Choosable]:
    """The candidates, and the sentences that they hang on in place of the last of them."""
    needed = {each.needs for each in best[: MAX_CANDIDATES // 2]}
    added = {each for each in fitting if each.index in needed}
    kept = [each for each in best if each not in added]
    return added | set(kept[: MAX_CANDIDATES - len(added)])


def _places(chosen: Sequence[Choosable]) -> tuple[int, ...]:
    """For equal sets: the earlier sentences."""
    return tuple(-each.index for each in chosen)


def _is_whole(chosen: Sequence[Choosable]) -> bool:
    """Whether no sentence says another again, and each has the one that it hangs on."""
    there = {each.index for each in chosen}
    hangs = any(each.needs is not None and each.needs not in there for each in chosen)
    return not hangs and not any(
        repeats(one.content, other.content) for one, other in combinations(chosen, 2)
    )


def _worth(sentence: Choosable, base: float) -> float:
    score = _log_odds(sentence.score) - _log_odds(base)
    alone = 0.0 if sentence.needs is not None else math.log(max(sentence.alone, MIN_PROBABILITY))
    return score + alone


def _log_odds(probability: float) -> float:
    kept = min(max(probability, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
    return math.log(kept / (1 - kept))


def _lead(pool: Sequence[Choosable]) -> frozenset[str]:
    """The content of the sentence that is likeliest to hold the news."""
    best = max(pool, key=lambda each: (each.score, -each.index), default=None)
    return best.content if best else frozenset()


def _value(chosen: Sequence[Choosable], lead: frozenset[str], base: float) -> float:
    value = sum(_worth(each, base) for each in chosen) - LENGTHS[len(chosen)]
    for place, each in enumerate(chosen):
        said = frozenset().union(*(other.content for other in chosen[:place]))
        value -= OVERLAP_COST * len(each.content & said) / max(1, len(each.content))
    told = max((len(each.content & lead) for each in chosen), default=0)
    return value - MISSING_LEAD_COST * (told < LEAD_SHARE * len(lead))
