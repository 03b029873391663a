"""Sentences that are not well formed, made from ones that are.

An editor's mistakes, as the acceptability head is to know them: words cut that the sentence needs,
an end cut off, words glued or said twice, a quotation left open. Judges of acceptability are often
trained on such corruptions (as by Kann et al. 2018, K18-1031, for compressed sentences).
"""

from __future__ import annotations

import random
from collections.abc import Callable

MIN_WORDS = 6
MOST_CUT = 5


def corrupted(sentence: str, draw: random.Random) -> str | None:
    """The sentence with one mistake; None where it is too short to have one."""
    words = sentence.split()
    if len(words) < MIN_WORDS:
        return None
    broken = draw.choice(MISTAKES)(words, draw)
    return None if broken == words else " ".join(broken)


def _cut(words: list[str], draw: random.Random) -> list[str]:
    """Some words are missing inside."""
    count = draw.randint(1, min(MOST_CUT, len(words) - 3))
    first = draw.randint(1, len(words) - count - 1)
    return words[:first] + words[first + count :]


def _cut_beginning(words: list[str], draw: random.Random) -> list[str]:
    left = words[draw.randint(1, min(MOST_CUT, len(words) - 3)) :]
    return [left[0][:1].upper() + left[0][1:], *left[1:]]


def _cut_end(words: list[str], draw: random.Random) -> list[str]:
    left = words[: -draw.randint(1, min(MOST_CUT, len(words) - 3))]
    return [*left[:-1], left[-1].rstrip(".,;:") + "."]


def _glued(words: list[str], draw: random.Random) -> list[str]:
    place = draw.randint(0, len(words) - 2)
    return [*words[:place], words[place] + words[place + 1], *words[place + 2 :]]


def _repeated(words: list[str], draw: random.Random) -> list[str]:
    place, count = draw.randint(1, len(words) - 2), draw.randint(1, 2)
    return words[: place + count] + words[place:]


def _swapped(words: list[str], draw: random.Random) -> list[str]:
    """A phrase stands somewhere else."""
    count = draw.randint(1, 3)
    first = draw.randint(1, len(words) - count)
    rest = words[:first] + words[first + count :]
    place = draw.randint(1, len(rest))
    return rest[:place] + words[first : first + count] + rest[place:]


def _left_open(words: list[str], draw: random.Random) -> list[str]:
    """A quotation is not closed, or was never opened."""
    place = draw.randint(1, len(words) - 1)
    quoted = f'"{words[place]}' if draw.random() < 0.5 else f'{words[place]}"'
    return [*words[:place], quoted, *words[place + 1 :]]


MISTAKES: tuple[Callable[[list[str], random.Random], list[str]], ...] = (
    _cut, _cut, _cut, _cut_beginning, _cut_end, _cut_end, _glued, _repeated, _swapped, _left_open,
)  # fmt: skip
"""What may go wrong, the likelier as often as it stands here."""
