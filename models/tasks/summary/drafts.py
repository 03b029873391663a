"""The sentences of an article as they may stand in a summary: which, and with which edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.encoding.tokens import Encoded
from models.tasks.summary.edits import Edit, Reason, apply
from models.tasks.summary.spans import Deletion
from models.text.words import is_content, normal_words

MIN_SENTENCE_WORDS = 5
MAX_SENTENCE_WORDS = 70
MIN_LEFT_WORDS = 6
"""A sentence is not trimmed to fewer words."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A sentence of an article, by its number, with edits."""

    index: int
    text: str
    edits: tuple[Edit, ...] = ()


def count_words(text: str) -> int:
    """Words as people count them: runs between spaces that hold a letter or a digit."""
    return sum(any(char.isalnum() for char in run) for run in text.split())


def content_words(text: str) -> frozenset[str]:
    """The words of a text that carry content, as they are compared."""
    return frozenset(word for word in normal_words(text) if is_content(word))


def draft(encoded: Encoded, index: int, edits: Sequence[Edit] = ()) -> Draft:
    """A sentence with some edits, as it would be printed."""
    sentence = encoded.sentences[index]
    if not edits:
        return Draft(index, " ".join(encoded.text[sentence.start : sentence.end].split()))
    return Draft(index, apply(encoded.text, sentence, edits, encoded.language), tuple(edits))


def trimmed(
    encoded: Encoded,
    index: int,
    deletions: Sequence[Deletion],
    sure: Sequence[float],
    threshold: float,
) -> Draft:
    """A sentence without what may go and is surely to go (0 to 1), the surest first. What hangs at
    the start may go at half the threshold."""
    taken: list[Deletion] = []
    best = draft(encoded, index)
    for one, probability in sorted(
        zip(deletions, sure, strict=True), key=lambda pair: (-pair[1], pair[0].start)
    ):
        if probability < (threshold / 2 if _is_easy(encoded, one) else threshold):
            continue
        apart = all(one.end <= other.start or other.end <= one.start for other in taken)
        if one.may and apart:
            edits = sorted((each.edit for each in [*taken, one]), key=lambda edit: edit.start)
            shorter = draft(encoded, index, edits)
            if count_words(shorter.text) >= MIN_LEFT_WORDS:
                taken.append(one)
                best = shorter
    return best


def _is_easy(encoded: Encoded, one: Deletion) -> bool:
    """Whether it is a word or phrase that hangs, such as `But`, `In fact` or `also`."""
    if encoded.text[one.start : one.end].strip().lower() in encoded.language.editing.additions:
        return True
    match = encoded.language.editing.openings.match(encoded.text, one.start)
    left = encoded.text[match.end() : one.end] if match else "…"
    return one.reason is Reason.OPENING and not left.strip(" ,:\n")


def with_edits(encoded: Encoded, base: Draft, edits: Sequence[Edit]) -> Draft:
    """A draft with more edits, but for those of words that are left out."""
    kept = [
        each
        for each in edits
        if all(each.end <= edit.start or edit.end <= each.start for edit in base.edits)
    ]
    if not kept:
        return base
    every = sorted((*base.edits, *kept), key=lambda edit: (edit.start, edit.end))
    return draft(encoded, base.index, every)
