"""Which parts of a pasted text are page furniture, to be left unread. The text is never changed.

A paragraph or sentence goes where a rule of `models.furniture` matches it as a whole, or where the
shape of the page gives it away (`models.layout`). In doubt the text stays: a menu line that is
read costs less than a sentence that is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from models import furniture, layout, sentences
from models.analysis import Removed, Span
from models.furniture import Why
from models.layout import Paragraph

_MAX_RULE_CHARS = 800
_MAX_CAPTION_WORDS = 70
_MIN_TITLE_WORDS = 4
_MIN_REPEATED_CHARS = 30
_DATELINE_PARAGRAPHS = 6
_MIN_KEPT_SHARE = 0.2
_MIN_KEPT_WORDS = 30

_NAME = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){1,3}")
_WORD = re.compile(r"\w+")
_CAPTION_LABEL = re.compile(r"(?:image|media|video) caption[,:]?", re.IGNORECASE)


def clean(text: str, title: str | None = None) -> tuple[Removed, ...]:
    """The furniture of `text` and why each span is, sorted and disjoint.

    Nothing is removed where too little would be left to read. Time is linear in the text.
    """
    page = [Paragraph(span, text[span.start : span.end]) for span in sentences.paragraphs(text)]
    _mark_titles(page, title)
    _mark_repeats(page)
    _mark_furniture(page)
    _mark_captions(page)
    _mark_edges(page)
    layout.mark_menus(page)
    layout.mark_lists(page)
    layout.mark_outside(page, keep_title=title is None)
    removed = [Removed(part.span.start, part.span.end, part.why) for part in page if part.why]
    read = [part.span for part in page if part.is_read]
    removed += _datelines(text, read)
    removed += _within(text, read)
    disjoint = tuple(_disjoint(removed))
    return disjoint if _leaves_enough(text, disjoint) else ()


def kept_text(text: str, removed: Sequence[Span]) -> str:
    """What is read of `text`: everything outside `removed` (sorted, disjoint)."""
    pieces, position = [], 0
    for part in removed:
        pieces.append(text[position : part.start])
        position = part.end
    return "".join((*pieces, text[position:]))


def _mark_titles(page: Sequence[Paragraph], title: str | None) -> None:
    """The title again, as it is or with the name of its site ("Title - The Daily Page")."""
    heading = _words(title or "")
    for part in page if heading else ():
        if part.words > len(heading) + 2 * _MIN_TITLE_WORDS:
            continue
        line = _words(part.text)
        shorter, longer = sorted((line, heading), key=len)
        if line == heading or (
            part.is_headline
            and len(shorter) >= _MIN_TITLE_WORDS
            and longer[: len(shorter)] == shorter
            and len(longer) - len(shorter) <= _MIN_TITLE_WORDS
        ):
            part.why = Why.TITLE


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _mark_repeats(page: Sequence[Paragraph]) -> None:
    seen: set[str] = set()
    for part in page:
        if len(part.text) >= _MIN_REPEATED_CHARS and part.text in seen:
            part.why = part.why or Why.DUPLICATE
        seen.add(part.text)


def _mark_furniture(page: Sequence[Paragraph]) -> None:
    for index, part in enumerate(page):
        if part.is_read and len(part.text) <= _MAX_RULE_CHARS:
            part.why = (
                _matched(furniture.PARAGRAPHS, part.text)
                or _matched_sentence(part.text)
                or _caption(part, is_last=index == len(page) - 1)
            )


def _matched(table: re.Pattern[str], text: str) -> Why | None:
    match = table.fullmatch(text)
    return _reason(match) if match else None


def _reason(match: re.Match[str]) -> Why:
    return Why(str(match.lastgroup))


def _matched_sentence(text: str) -> Why | None:
    if len(text) > _MAX_RULE_CHARS:
        return None
    why = _matched(furniture.SENTENCES, text)
    if why is None:
        tail = max(0, len(text) - furniture.SENTENCE_ENDING_CHARS)
        ending = furniture.SENTENCE_ENDINGS.search(text, tail)
        why = _reason(ending) if ending else None
    return None if why and furniture.REPORTS.search(text) else why


def _caption(part: Paragraph, is_last: bool) -> Why | None:
    """A last paragraph may end in its agency without being a caption; so may a report."""
    if part.text.endswith((".", "!", "?", '"', "”")):
        return None
    ending = furniture.ENDINGS.search(part.text, max(0, len(part.text) - furniture.ENDING_CHARS))
    if ending is None:
        return None
    if "caption" in ending[0].lower():
        return Why.CAPTION
    is_prose = is_last or part.words > _MAX_CAPTION_WORDS or furniture.REPORTS.search(part.text)
    return None if is_prose else Why.CAPTION


def _mark_captions(page: Sequence[Paragraph]) -> None:
    """The line below "Image caption,", and the one that comes again with its credit below."""
    for before, after in pairwise(page):
        if before.why is Why.CAPTION and after.is_read and _CAPTION_LABEL.fullmatch(before.text):
            after.why = Why.CAPTION
        if after.why is Why.CAPTION and before.is_read and after.text.startswith(before.text):
            before.why = Why.CAPTION


def _mark_edges(page: Sequence[Paragraph]) -> None:
    """Dates, names and single words, before the first prose or beside other furniture."""
    head = layout.first_prose(page)
    for index, part in enumerate(page):
        if not part.is_read or part.is_prose or len(part.text) > _MAX_RULE_CHARS:
            continue
        beside = {near.why for near in page[max(0, index - 1) : index + 2]} - {None, Why.TITLE}
        if index < head or beside:
            part.why = _matched(furniture.AT_EDGES, part.text)
        if index < head and Why.BYLINE in beside and _NAME.fullmatch(part.text):
            part.why = Why.BYLINE


def _datelines(text: str, read: Sequence[Span]) -> Iterator[Removed]:
    for paragraph in read[:_DATELINE_PARAGRAPHS]:
        for pattern in furniture.DATELINES:
            match = pattern.match(text, paragraph.start, paragraph.end)
            if match and match.end() < paragraph.end:
                yield Removed(match.start(), match.end(), Why.DATELINE)
                return


def _within(text: str, read: Sequence[Span]) -> Iterator[Removed]:
    """Furniture inside paragraphs: whole sentences, and pieces of them."""
    for paragraph in read:
        parts = sentences.split_paragraph(text, paragraph)
        for part in parts if len(parts) > 1 else ():
            why = _matched_sentence(text[part.start : part.end])
            if why:
                yield Removed(part.start, part.end, why)
            elif opening := furniture.OPENINGS.match(text, part.start, part.end):
                yield Removed(opening.start(), opening.end(), _reason(opening))
        yield from _glued_captions(text, parts)
        for match in furniture.BRACKETS.finditer(text, paragraph.start, paragraph.end):
            yield Removed(match.start(), match.end(), _reason(match))


def _glued_captions(text: str, parts: Sequence[Span]) -> Iterator[Removed]:
    """A caption and its credit, run together: "The port.Ann Lee/AFPhide caption"."""
    for index, part in enumerate(parts):
        at = text.find("hide caption", part.start, part.end)
        if at >= 0:
            glued = index > 0 and parts[index - 1].end == part.start
            start = parts[index - 1].start if glued else part.start
            yield Removed(start, at + len("hide caption"), Why.CAPTION)


def _disjoint(removed: Sequence[Removed]) -> Iterator[Removed]:
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
