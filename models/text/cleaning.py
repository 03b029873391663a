"""Which parts of a pasted text are boilerplate, to be left unread. The text is never changed.

A paragraph or sentence is removed where a rule of its language matches all of it, or where the
shape of the page shows that it is not text (`layout`). In doubt the text stays: a menu line that is
read costs less than a sentence that is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from models.analysis import Removed, Span
from models.text import boilerplate, layout, sentences
from models.text.boilerplate import BoilerplateRules, Reason
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.layout import Paragraph
from models.text.patterns import Pattern

MAX_CHARS, MAX_LINES = 2**18, 10_000
"""How much of a page is searched for its article."""
CHARS_PER_WORD = 8
_MAX_RULE_CHARS = 800
_MAX_CAPTION_WORDS = 70
_MIN_TITLE_WORDS = 4
_MIN_REPEATED_CHARS = 30
_DATELINE_PARAGRAPHS = 6
_MAX_DATELINE_CHARS = 400
_MIN_KEPT_SHARE = 0.2
_MIN_KEPT_WORDS = 30

_NAME = re.compile(r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){1,3}")
_WORD = re.compile(r"\w+")
_RUN = re.compile(r"\w\S*+")


def clean(text: str, title: str | None = None, language: Language = ENGLISH) -> tuple[Removed, ...]:
    """The boilerplate of `text`, each span with its reason, sorted and disjoint.

    Nothing is removed where too little would be left to read. Time is linear in the text.
    """
    removed = _boilerplate(text, title, language)
    return removed if _leaves_enough(text, removed) else ()


def beginning(
    text: str, title: str | None, most_words: int, language: Language = ENGLISH
) -> tuple[int, tuple[Removed, ...]]:
    """Where the part of `text` ends that holds `most_words` words to read, and its boilerplate.

    A word has at least one token. So whoever reads at most that many tokens reads nothing behind
    this end. At most `MAX_CHARS` characters and `MAX_LINES` lines are searched for the words.
    """
    end, removed = 0, tuple[Removed, ...]()
    for chars, lines in ((CHARS_PER_WORD * most_words, most_words), (MAX_CHARS, MAX_LINES)):
        end = cut(text, chars, lines)
        removed = _boilerplate(text[:end], title, language)
        if end == len(text) or has_words(kept_text(text[:end], removed), most_words):
            break
    return end, removed if _leaves_enough(text[:end], removed) else ()


def cut(text: str, chars: int = MAX_CHARS, lines: int = MAX_LINES) -> int:
    """Where a text ends that is to have no more characters and lines, at a space where one is."""
    beyond = next(islice(sentences.LINE.finditer(text, 0, chars), lines, None), None)
    if beyond is not None:
        return beyond.start()
    if len(text) <= chars:
        return len(text)
    return max(text.rfind("\n", chars // 2, chars), text.rfind(" ", chars // 2, chars)) + 1 or chars


def has_words(text: str, count: int) -> bool:
    """Whether a text has so many runs between spaces with a letter or digit in them."""
    return next(islice(_RUN.finditer(text), count - 1, None), None) is not None


def _boilerplate(text: str, title: str | None, language: Language) -> tuple[Removed, ...]:
    rules = language.boilerplate
    page = [Paragraph(span, text[span.start : span.end]) for span in sentences.paragraphs(text)]
    _mark_titles(page, title)
    _mark_repeats(page)
    _mark_known(page, rules)
    _mark_captions(page, rules)
    _mark_edges(page, rules)
    layout.mark_menus(page)
    layout.mark_lists(page)
    layout.mark_outside(page, keep_title=title is None)
    removed = [Removed(p.span.start, p.span.end, p.reason) for p in page if p.reason]
    read = [part.span for part in page if part.is_read]
    removed += _datelines(text, read, rules)
    removed += _within(text, read, language)
    return tuple(_disjoint(removed))


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
            part.reason = Reason.TITLE


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _mark_repeats(page: Sequence[Paragraph]) -> None:
    seen: set[str] = set()
    for part in page:
        if len(part.text) >= _MIN_REPEATED_CHARS and part.text in seen:
            part.reason = part.reason or Reason.DUPLICATE
        seen.add(part.text)


def _mark_known(page: Sequence[Paragraph], rules: BoilerplateRules) -> None:
    """What a rule of the language matches."""
    for index, part in enumerate(page):
        if part.is_read and len(part.text) <= _MAX_RULE_CHARS:
            part.reason = (
                _matched(rules.paragraphs, part.text)
                or _matched_sentence(part.text, rules)
                or _caption(part, rules, is_last=index == len(page) - 1)
            )


def _matched(table: Pattern, text: str) -> Reason | None:
    match = table.fullmatch(text)
    return _reason(match) if match else None


def _reason(match: re.Match[str]) -> Reason:
    return Reason(str(match.lastgroup))


def _matched_sentence(text: str, rules: BoilerplateRules) -> Reason | None:
    if len(text) > _MAX_RULE_CHARS:
        return None
    reason = _matched(rules.sentences, text)
    if reason is None:
        ending = rules.sentence_endings.search(text[-boilerplate.SENTENCE_ENDING_CHARS :])
        reason = _reason(ending) if ending else None
    return None if reason and rules.reports.search(text) else reason


def _caption(part: Paragraph, rules: BoilerplateRules, is_last: bool) -> Reason | None:
    """A last paragraph may end in its agency without being a caption; so may a report."""
    if part.text.endswith((".", "!", "?", '"', "”")):
        return None
    ending = rules.endings.search(part.text[-boilerplate.ENDING_CHARS :])
    if ending is None:
        return None
    if rules.caption in ending[0].lower():
        return Reason.CAPTION
    is_prose = is_last or part.words > _MAX_CAPTION_WORDS or rules.reports.search(part.text)
    return None if is_prose else Reason.CAPTION


def _mark_captions(page: Sequence[Paragraph], rules: BoilerplateRules) -> None:
    """The line below "Image caption,", and the one that comes again with its credit below."""
    for before, after in pairwise(page):
        if (
            before.reason is Reason.CAPTION
            and after.is_read
            and before.text.lower() in rules.caption_labels
        ):
            after.reason = Reason.CAPTION
        if after.reason is Reason.CAPTION and before.is_read and after.text.startswith(before.text):
            before.reason = Reason.CAPTION


def _mark_edges(page: Sequence[Paragraph], rules: BoilerplateRules) -> None:
    """Dates, names and single words, before the first prose or beside other boilerplate."""
    head = layout.first_prose(page)
    for index, part in enumerate(page):
        if not part.is_read or part.is_prose or len(part.text) > _MAX_RULE_CHARS:
            continue
        beside = {near.reason for near in page[max(0, index - 1) : index + 2]} - {
            None,
            Reason.TITLE,
        }
        if index < head or beside:
            part.reason = _matched(rules.at_edges, part.text)
        if index < head and Reason.BYLINE in beside and _NAME.fullmatch(part.text):
            part.reason = Reason.BYLINE


def _datelines(text: str, read: Sequence[Span], rules: BoilerplateRules) -> Iterator[Removed]:
    for paragraph in read[:_DATELINE_PARAGRAPHS]:
        opening = text[paragraph.start : min(paragraph.end, paragraph.start + _MAX_DATELINE_CHARS)]
        for pattern in rules.datelines:
            match = pattern.match(opening)
            if match is None or not rules.agency_words.isdisjoint(_words(match[1])):
                continue
            if match.end() < len(opening):
                yield Removed(paragraph.start, paragraph.start + match.end(), Reason.DATELINE)
                return


def _within(text: str, read: Sequence[Span], language: Language) -> Iterator[Removed]:
    """Boilerplate inside paragraphs: whole sentences, and pieces of them."""
    rules = language.boilerplate
    for paragraph in read:
        parts = sentences.split_paragraph(text, paragraph, language)
        for part in parts if len(parts) > 1 else ():
            sentence = text[part.start : part.end]
            reason = _matched_sentence(sentence, rules)
            if reason:
                yield Removed(part.start, part.end, reason)
            elif opening := _opening(sentence, rules):
                yield Removed(part.start, part.start + opening[1], opening[0])
        yield from _glued_captions(text, parts, rules.glued_caption)
        yield from _brackets(text, paragraph, rules)


def _opening(sentence: str, rules: BoilerplateRules) -> tuple[Reason, int] | None:
    """What stands before a sentence, and where it ends."""
    may_open = sentence[:16].lower().startswith(rules.opening_starts)
    for reason, pattern in rules.openings if may_open else ():
        if match := pattern.match(sentence):
            return reason, match.end(1)
    return None


def _brackets(text: str, paragraph: Span, rules: BoilerplateRules) -> Iterator[Removed]:
    whole = text[paragraph.start : paragraph.end]
    for reason, pattern in rules.brackets if "(" in whole else ():
        for match in pattern.finditer(whole):
            yield Removed(paragraph.start + match.start(1), paragraph.start + match.end(1), reason)


def _glued_captions(text: str, parts: Sequence[Span], label: str) -> Iterator[Removed]:
    """A caption and its credit, run together: "The port.Ann Lee/AFPhide caption"."""
    for index, part in enumerate(parts):
        at = text.find(label, part.start, part.end)
        if at >= 0:
            glued = index > 0 and parts[index - 1].end == part.start
            start = parts[index - 1].start if glued else part.start
            yield Removed(start, at + len(label), Reason.CAPTION)


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
