"""Which kept answers to label next: those that teach most, and no two that teach the same.

Uncertainty comes first: of all answers only the least certain are looked at. From these the texts
are taken that are most unlike those taken before (farthest first). Texts are compared by their
words, hashed; no model runs.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.text.words import is_content, normal_words
from service.feedback.store import Candidate

POOL_FACTOR, LEAST_POOL = 5, 50
"""So many times more answers than are asked for are looked at, and at least so many."""
WIDTH = 2**12
"""Of the hashed words."""
ALIKE, UNLIKE = 0.5, 0.15
"""The cosines from which two texts are told as alike, and below which as unlike."""


def pool_size(limit: int) -> int:
    """How many of the least certain answers to choose from."""
    return max(LEAST_POOL, POOL_FACTOR * limit)


def in_order(candidates: Sequence[Candidate], limit: int) -> Iterator[tuple[Candidate, str]]:
    """The next to label of some candidates, the least certain first, each with its reason."""
    if not candidates:
        return
    bags = np.stack([bag(candidate.text) for candidate in candidates])
    nearest = np.full(len(candidates), -1.0)  # to any text that is taken; nothing is yet
    for _ in range(min(limit, len(candidates))):
        chosen = int(np.argmin(nearest))
        yield candidates[chosen], _reason(candidates[chosen], float(nearest[chosen]))
        nearest = np.maximum(nearest, bags @ bags[chosen])
        nearest[chosen] = np.inf


def bag(text: str) -> NDArray[np.float32]:
    """The content words of a text as a vector of length 1."""
    counts = np.zeros(WIDTH, np.float32)
    for word, count in Counter(filter(is_content, normal_words(text))).items():
        counts[zlib.crc32(word.encode()) % WIDTH] += np.sqrt(count)
    return counts / max(float(np.linalg.norm(counts)), 1e-9)


def _reason(candidate: Candidate, alike: float) -> str:
    """Why a text is offered: what the model is unsure of, and how it is like those before it."""
    uncertainty = _uncertainty(candidate.answer["topic"])
    if alike < 0:
        return f"{uncertainty}; the least certain of all"
    if alike < UNLIKE:
        return f"{uncertainty}; its words are unlike those of the texts before it"
    told = "much like" if alike >= ALIKE else "somewhat like"
    return f"{uncertainty}; its words are {told} those of a text before it"


def _uncertainty(topic: Mapping[str, Any]) -> str:
    first, *others = topic["scores"][:2]
    told = " or ".join(f"{one['label']} ({one['probability']:.0%})" for one in (first, *others))
    if topic["abstained"]:
        return f"the topic was withheld: {told}"
    ahead = first["probability"] - (others[0]["probability"] if others else 0)
    return f"{told}: the first is {ahead:.2f} ahead"
