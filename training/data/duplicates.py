"""Texts that are the same, or nearly."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from datasketch import MinHash, MinHashLSH

SHINGLE_WORDS = 3
MIN_WORDS = 12
"""Texts of fewer words are the same or they are not."""
LEAST_SHARE = 0.7
"""Two texts are nearly the same where they share so many of their runs of three words (Jaccard):
one word in twenty may differ."""
PERMUTATIONS = 128
BANDS, ROWS = 10, 4
"""Of texts that share 0.7, 0.8 and 0.9 of their runs 94, 99.5 and all but 1e-5 of 100 are compared,
with a third of the memory that the default takes."""
_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words and numbers of a text without their case."""
    return _WORD.findall(text.casefold())


def fingerprint(found: Sequence[str]) -> bytes:
    """Equal for texts with the same letters and digits, whatever stands between them."""
    return hashlib.blake2b("".join(found).encode("utf-8", "replace"), digest_size=8).digest()


@dataclass
class NearTexts:
    """Texts by MinHash (Broder 1997), so that those that are nearly the same are found at once.

    A text is added under a number of the caller's.
    """

    _blank: MinHash = field(
        default_factory=lambda: MinHash(num_perm=PERMUTATIONS, hashfunc=zlib.crc32)
    )
    _index: MinHashLSH = field(
        default_factory=lambda: MinHashLSH(num_perm=PERMUTATIONS, params=(BANDS, ROWS))
    )
    _sketches: dict[int, Any] = field(default_factory=dict)

    def sketch(self, found: Sequence[str]) -> MinHash | None:
        """What stands for the words of a text; None where they are too few."""
        if len(found) < MIN_WORDS:
            return None
        sketch = self._blank.copy()
        starts = range(len(found) - SHINGLE_WORDS + 1)
        sketch.update_batch({" ".join(found[n : n + SHINGLE_WORDS]).encode() for n in starts})
        return sketch

    def near(self, sketch: MinHash) -> list[tuple[int, float]]:
        """The numbers of the texts that are nearly the same, and what they share."""
        shares = (
            (number, float((self._sketches[number] == sketch.hashvalues).mean()))
            for number in self._index.query(sketch)
        )
        return sorted((n, share) for n, share in shares if share >= LEAST_SHARE)

    def add(self, number: int, sketch: MinHash) -> None:
        """Adds a text."""
        self._index.insert(number, sketch)
        self._sketches[number] = sketch.hashvalues
