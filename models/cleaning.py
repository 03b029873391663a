"""Which parts of a pasted text are page furniture, to be left unread. The text is never changed.

A paragraph or sentence goes where a rule of `models.furniture` matches it as a whole, or where the
shape of the page gives it away: runs of short lines without punctuation are menus. In doubt the
text stays: a menu line that is read costs less than a sentence that is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from models import furniture, sentences
from models.analysis import Removed, Span
from models.furniture import Why

_MAX_RULE_CHARS = 800
_MIN_KEPT_SHARE = 0.2
_MIN_KEPT_WORDS = 30
_MENU_LINES = 5
_LABEL_WORDS = 4
_LIST_LINES = 12
_HEAD_PARAGRAPHS = 6
_CAPTION_WORDS = 60

_LABEL = re.compile(r"[^.!?:;,…\"“”]{1,60}")
_BULLET = re.compile(r"[-–—*•·▪●►]|\d{1,3}[.)]\s")
_WORD = re.compile(r"\w+")


def clean(text: str, title: str | None = None) -> tuple[Removed, ...]:
    """The furniture of `text` and why each span is, sorted and disjoint.

    Nothing is removed where too little would be left to read. Time is linear in the text.
    """
    paragraphs = sentences.paragraphs(text)
    reasons = _by_rule(text, paragraphs, title)
    reasons = _with_menus(text, paragraphs, reasons)
    removed = [
        Removed(paragraph.start, paragraph.end, why)
        for paragraph, why in zip(paragraphs, reasons, strict=True)
        if why
    ]
    kept = [paragraph for paragraph, why in zip(paragraphs, reasons, strict=True) if not why]
    removed += _datelines(text, kept)
    removed += _within(text, kept)
    disjoint = tuple(_disjoint(removed))
    return disjoint if _leaves_enough(text, disjoint) else ()


def _by_rule(text: str, paragraphs: Sequence[Span], title: str | None) -> list[Why | None]:
    """For each paragraph the reason to leave all of it unread, or None."""
    seen: set[str] = set()
    reasons: list[Why | None] = []
    heading = _words(title or "")
    for index, paragraph in enumerate(paragraphs):
        line = text[paragraph.start : paragraph.end]
        words = _words(line) if len(line) <= _MAX_RULE_CHARS else line
        last = index == len(paragraphs) - 1
        if heading and words == heading:
            reasons.append(Why.TITLE)
        elif len(words) > 30 and words in seen:
            reasons.append(Why.DUPLICATE)
        else:
            reasons.append(_why(line) or (None if last else _credited_caption(line)))
        seen.add(words)
    return reasons


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))


def _why(line: str) -> Why | None:
    if len(line) > _MAX_RULE_CHARS:
        return None
    for why, pattern in furniture.PARAGRAPHS:
        if pattern.fullmatch(line):
            return why
    return _why_sentence(line)


def _why_sentence(sentence: str) -> Why | None:
    if len(sentence) > _MAX_RULE_CHARS:
        return None
    for why, pattern in furniture.SENTENCES:
        if pattern.fullmatch(sentence):
            return None if furniture.REPORTS.search(sentence) else why
    return None


def _credited_caption(line: str) -> Why | None:
    if len(line) > _MAX_RULE_CHARS or not furniture.CREDITED.fullmatch(line):
        return None
    is_prose = len(line.split()) > _CAPTION_WORDS or furniture.REPORTS.search(line)
    return None if is_prose else Why.CAPTION


def _with_menus(
    text: str, paragraphs: Sequence[Span], reasons: Sequence[Why | None]
) -> list[Why | None]:
    """Runs of labels (short lines without punctuation) and of furniture are menus."""
    lines = [text[paragraph.start : paragraph.end] for paragraph in paragraphs]
    result = list(reasons)
    for start, end in _runs(
        [why is not None or _is_label(line) for why, line in zip(reasons, lines, strict=True)]
    ):
        introduced = start > 0 and lines[start - 1].endswith(":")
        if end - start >= _MENU_LINES and not introduced:
            result[start:end] = [why or Why.NAVIGATION for why in result[start:end]]
    return result


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The stretches of True."""
    start = None
    for index, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = index
        elif not flag and start is not None:
            yield start, index
            start = None


def _is_label(line: str) -> bool:
    return (
        len(line) <= 60
        and len(line.split()) <= _LABEL_WORDS
        and _LABEL.fullmatch(line) is not None
        and not _BULLET.match(line)
    )


def _datelines(text: str, kept: Sequence[Span]) -> Iterator[Removed]:
    for paragraph in kept[:_HEAD_PARAGRAPHS]:
        for pattern in (furniture.DATELINE, furniture.PLACE):
            match = pattern.match(text, paragraph.start, paragraph.end)
            if match and match.end() < paragraph.end:
                yield Removed(match.start(), match.end(), Why.DATELINE)
                return


def _within(text: str, kept: Sequence[Span]) -> Iterator[Removed]:
    """Furniture inside paragraphs: whole sentences, and pieces of them."""
    for paragraph in kept:
        for sentence in sentences.split_paragraph(text, paragraph):
            why = _why_sentence(text[sentence.start : sentence.end])
            if why:
                yield Removed(sentence.start, sentence.end, why)
        for why, pattern in furniture.PIECES:
            for match in pattern.finditer(text, paragraph.start, paragraph.end):
                yield Removed(match.start(), match.end(), why)


def _disjoint(removed: list[Removed]) -> Iterator[Removed]:
    end = 0
    for part in sorted(removed, key=lambda part: (part.start, -part.end)):
        if part.start >= end:
            yield part
            end = part.end


def _leaves_enough(text: str, removed: Sequence[Removed]) -> bool:
    gone = sum(part.end - part.start for part in removed)
    if len(text) - gone >= _MIN_KEPT_SHARE * len(text):
        return True
    return len(kept_text(text, removed).split()) >= _MIN_KEPT_WORDS


def kept_text(text: str, removed: Sequence[Span]) -> str:
    """What is read of `text`: everything outside `removed` (sorted, disjoint)."""
    pieces, position = [], 0
    for part in removed:
        pieces.append(text[position : part.start])
        position = part.end
    return "".join((*pieces, text[position:]))
