"""Which sentences of an article a reference summary was made from.

They are the greedy ROUGE oracle of Nallapati et al. 2017 (1611.04230).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from models.encoding.tokens import Encoded
from models.text.words import normal_words

ORACLE_SENTENCES = 3
_LEAD_IN = re.compile(r"^(?:NEW|new)\s*:\s*")


def oracle(encoded: Encoded, summary: str) -> tuple[int, ...]:
    """The numbers of the sentences that together come closest to a summary, by ROUGE-1 + ROUGE-2.

    The summary has a sentence a line.
    """
    sentences = [_spoken(encoded.text[s.start : s.end]) for s in encoded.sentences]
    wanted = [word for line in summary.split("\n") for word in _spoken(_LEAD_IN.sub("", line))]
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
    return tuple(chosen)


def overlap(chosen: Iterable[int], sentences: Sequence[Sequence[str]], wanted: list[str]) -> float:
    """ROUGE-1 plus ROUGE-2 F1 of some sentences against a text, without stemming."""
    have = [word for index in sorted(chosen) for word in sentences[index]]
    return _f1(Counter(have), Counter(wanted)) + _f1(
        Counter(pairwise(have)), Counter(pairwise(wanted))
    )


def _f1(have: Counter[Any], wanted: Counter[Any]) -> float:
    common = (have & wanted).total()
    return 2 * common / (have.total() + wanted.total()) if common else 0.0


def _spoken(line: str) -> list[str]:
    return [word for word in normal_words(line) if any(char.isalnum() for char in word)]
