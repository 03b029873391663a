"""The names of labels, as people write them: in any case and spacing, or by their codes."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from models.labels import Label

Labels = Mapping[str, Sequence[Label]]
"""The label sets of a run or a model, by what they are of: `topic`, `stance`, `overall`, `form`."""
SHOWN_CHARS = 80


class LabelNames:
    """The names of a label set. `others` are words that stand for some of them in a file."""

    def __init__(self, labels: Iterable[Label], others: Iterable[str] = ()) -> None:
        labels = tuple(labels)
        self.names = tuple(label.name for label in labels)
        self._exact = frozenset(self.names).union(others)
        self._folded: dict[str, str] = {}
        codes = [(label.code, label.name) for label in labels if label.code]
        for written, name in [*((name, name) for name in (*self.names, *others)), *codes]:
            self._folded.setdefault(folded(written), name)

    def read(self, written: str) -> str:
        """The name of the label that is meant; what is written where there is none."""
        return written if written in self._exact else self._folded.get(folded(written), written)

    def nearest(self, written: str) -> str | None:
        """The name that looks most like what is written, if any does."""
        close = difflib.get_close_matches(folded(written), self._folded, 1)
        return self._folded[close[0]] if close else None


def folded(name: str) -> str:
    """A name without its case and with single spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def shown(label: str) -> str:
    """A label as it may be printed on one line. One that is longer than any is a text, and is not
    repeated."""
    return repr(label) if len(label) <= SHOWN_CHARS else f"of {len(label):,} characters"
