"""What an editor did with a sentence, as labels: which candidates went, what was put in, and why.

Source and edited words are aligned by the heaviest chain of equal words. Where a deleted run could
stand in two places (`in the port in the city`), it is put where candidates begin and end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from models.analysis import Span
from models.tasks.summary.spans import Deletion
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.words import WORD, is_content, normal

CONTENT_WEIGHT, NEIGHBOUR_WEIGHT, REPLACING_COST = 2.0, 1.0, 0.5
"""What counts in the alignment, where a function word that is kept counts 1."""
MIN_FOUND_CHARS = 3
"""Shorter insertions are not looked for in the article."""


class Fate(StrEnum):
    """What the editor did with the words of a candidate. `UNCLEAR`: put others in their place."""

    DELETED = "deleted"
    KEPT = "kept"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Insertion(Span):
    """What the editor put in, instead of the characters of the span (empty: nothing was there).

    `introduces` is false for function words. `found` is where the article has the same words, the
    last place before the sentence or else the first behind it; None where it has not.
    """

    text: str
    introduces: bool
    found: Span | None


@dataclass(frozen=True, slots=True)
class EditLabels:
    """The labels of one pair. `fates` are those of the candidates, in their order.

    `stands_alone`: nothing was introduced and no hanging opening was dropped. `broken`: glued words
    were parted or lost ones put in.
    """

    fates: tuple[Fate, ...]
    insertions: tuple[Insertion, ...]
    stands_alone: bool
    broken: bool


def edit_labels(
    text: str,
    span: Span,
    candidates: Sequence[Deletion],
    edited: str,
    language: Language = ENGLISH,
) -> EditLabels:
    """What the editor, who made `edited` of the sentence at `span`, did. Time is linear in
    the article, and quadratic in the pairs of equal words of the two sentences."""
    target = _words(edited, Span(0, len(edited)))
    source, glued = _parted(text, _words(text, span), target)
    aligned = _Alignment(source, target, language)
    gone = aligned.gone([_covered(source, one) for one in candidates])
    insertions = tuple(_insertions(text, span, edited, aligned, language))
    fates = tuple(_fate(_covered(source, one), gone, aligned.replaced) for one in candidates)
    introduced = any(each.introduces for each in insertions)
    dropped = _drops_opening(text, span, source, gone, language)
    lost = any(_was_lost(text, each, source, gone) for each in insertions)
    return EditLabels(fates, insertions, not introduced and not dropped, glued or lost)


@dataclass(frozen=True, slots=True)
class _Word(Span):
    normal: str


def _words(text: str, span: Span) -> list[_Word]:
    found = WORD.finditer(text, span.start, span.end)
    return [_Word(m.start(), m.end(), normal(m.group())) for m in found if m.group()[0].isalnum()]


def _parted(
    text: str, source: Sequence[_Word], target: Sequence[_Word]
) -> tuple[list[_Word], bool]:
    """The source words, with those parted that the editor parted, and whether any was."""
    after: dict[str, int] = {}
    for left, right in pairwise(target):
        after[left.normal + right.normal] = len(left.normal)
    spelled = {word.normal for word in target}
    words, glued = [], False
    for word in source:
        cut = None if word.normal in spelled else after.get(word.normal)
        if cut is None:
            words.append(word)
            continue
        glued, at = True, word.start + cut
        words += [_Word(word.start, at, normal(text[word.start : at]))]
        words += [_Word(at, word.end, normal(text[at : word.end]))]
    return words, glued


class _Alignment:
    """Which source words are deleted or replaced, and which edited words are new."""

    def __init__(
        self, source: Sequence[_Word], target: Sequence[_Word], language: Language
    ) -> None:
        self.source, self.target = source, target
        pairs = _matched(source, target, language)
        ends = [(-1, -1), *pairs, (len(source), len(target))]
        gaps = [(i + 1, k, j + 1, m) for (i, j), (k, m) in pairwise(ends)]
        self._deleted = [(i, k) for i, k, j, m in gaps if i < k and j == m]
        self.inserted = [gap for gap in gaps if gap[2] < gap[3]]
        self.replaced = frozenset(at for i, k, j, m in gaps if j < m for at in range(i, k))

    def gone(self, candidates: Sequence[frozenset[int]]) -> frozenset[int]:
        """The places of the deleted words, where the candidates fit them best."""
        gone: set[int] = set()
        for first, last in self._deleted:
            gone |= max(self._slid(first, last), key=lambda run: _fit(run, candidates))
        return frozenset(gone)

    def _slid(self, first: int, last: int) -> Iterator[frozenset[int]]:
        """The places where a deleted run may stand so that the same words are left."""
        yield frozenset(range(first, last))
        left, right = first, last
        while left > 0 and self._same(left - 1, right - 1) and left - 1 not in self.replaced:
            left, right = left - 1, right - 1
            yield frozenset(range(left, right))
        left, right = first, last
        while right < len(self.source) and self._same(left, right) and right not in self.replaced:
            left, right = left + 1, right + 1
            yield frozenset(range(left, right))

    def _same(self, one: int, other: int) -> bool:
        return self.source[one].normal == self.source[other].normal


def _matched(
    source: Sequence[_Word], target: Sequence[_Word], language: Language
) -> list[tuple[int, int]]:
    """The places of the words that the editor kept, in order: the heaviest chain of equal words.

    Content weighs more than function words, neighbours that stay neighbours weigh more, and words
    replaced by others cost, so that what can be read as a plain deletion is.
    """
    pairs = [
        (i, j)
        for i, one in enumerate(source)
        for j, new in enumerate(target)
        if one.normal == new.normal
    ]
    ends = (len(source), len(target))
    best: list[tuple[float, int]] = []
    for place, pair in enumerate([*pairs, ends]):
        before = [(_link((-1, -1), pair), -1)]
        before += [
            (best[at][0] + _link(pairs[at], pair), at)
            for at in range(place)
            if pairs[at][0] < pair[0] and pairs[at][1] < pair[1]
        ]
        value, at = max(before)
        last = pair == ends
        weight = 0.0 if last or not is_content(source[pair[0]].normal, language) else CONTENT_WEIGHT
        best.append((value + weight + (not last), at))
    chain, at = [], best[-1][1]
    while at >= 0:
        chain.append(pairs[at])
        at = best[at][1]
    return chain[::-1]


def _link(left: tuple[int, int], right: tuple[int, int]) -> float:
    gone, new = right[0] - left[0] - 1, right[1] - left[1] - 1
    if not gone and not new:
        return NEIGHBOUR_WEIGHT
    return -REPLACING_COST if gone and new else 0.0


def _fit(run: Set[int], candidates: Sequence[frozenset[int]]) -> int:
    """How many words of a run lie in candidates that lie in it."""
    return len({at for one in candidates if one <= run for at in one})


def _covered(source: Sequence[_Word], span: Span) -> frozenset[int]:
    """The places of the words that lie in a span."""
    return frozenset(
        at for at, word in enumerate(source) if span.start <= word.start and word.end <= span.end
    )


def _fate(words: frozenset[int], gone: frozenset[int], replaced: frozenset[int]) -> Fate:
    if words <= gone:
        return Fate.DELETED if words else Fate.UNCLEAR
    return Fate.UNCLEAR if words <= gone | replaced else Fate.KEPT


def _insertions(
    text: str, span: Span, edited: str, aligned: _Alignment, language: Language
) -> Iterator[Insertion]:
    source, target = aligned.source, aligned.target
    for i, j, k, m in aligned.inserted:
        new = edited[target[k].start : target[m - 1].end]
        start = source[i].start if i < len(source) else span.end
        end = source[j - 1].end if j > i else start
        introduces = any(is_content(word.normal, language) for word in target[k:m])
        found = _found(text, span, target[k:m], language) if introduces else None
        yield Insertion(start, end, new, introduces, found)


def _found(text: str, span: Span, words: Sequence[_Word], language: Language) -> Span | None:
    """Where the article has the words of an insertion, from its first content word to its last."""
    content = [at for at, word in enumerate(words) if is_content(word.normal, language)]
    wanted = [word.normal for word in words[content[0] : content[-1] + 1]]
    if sum(map(len, wanted)) < MIN_FOUND_CHARS:
        return None
    held = _words(text, Span(0, len(text)))
    spelled = [word.normal for word in held]
    size = len(wanted)
    places = [at for at in range(len(held) - size + 1) if spelled[at : at + size] == wanted]
    spans = [Span(held[at].start, held[at + size - 1].end) for at in places]
    before = [each for each in spans if each.end <= span.start]
    behind = [each for each in spans if each.start >= span.end]
    return before[-1] if before else behind[0] if behind else None


def _drops_opening(
    text: str, span: Span, source: Sequence[_Word], gone: frozenset[int], language: Language
) -> bool:
    match = language.editing.openings.match(text, span.start, span.end)
    return (
        match is not None
        and bool(source)
        and _covered(source, Span(match.start(), match.end())) <= gone
    )


def _was_lost(
    text: str, insertion: Insertion, source: Sequence[_Word], gone: frozenset[int]
) -> bool:
    """Whether a function word was put in where nothing was deleted: the source lacked it."""
    if insertion.introduces or insertion.start != insertion.end:
        return False
    after = next((i for i, w in enumerate(source) if w.start >= insertion.start), len(source))
    before = source[after - 1].end if after else insertion.start
    together = not text[before : insertion.start].strip()
    return together and after not in gone and after - 1 not in gone
