"""Where the sentences of a text are, as character offsets into the text as it was sent.

Text comes as one paragraph a line, hard-wrapped, or as one long line; in normal case or all in
lower case. So a line break or a full stop alone decides nothing: the shape of the lines and the
words on either side do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from models.analysis import Span
from models.text.english import ENGLISH
from models.text.language import Language, SentenceRules

MAX_SENTENCE_CHARS = 1000

_TOP_LEVEL_DOMAINS = frozenset(("Com", "Org", "Net", "Co", "Gov", "Edu", "Uk", "Js"))

LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_ITEM = re.compile(r"[-–—*•·▪●►]\s|\d{1,3}[.)]\s")
# A run of stops with the quotes and brackets that close after it, then a space or the end; or a
# full stop glued to the next sentence, as text copied from a page has it ("speaks.Kevin Dietsch").
# The look-behind and the possessive runs keep the search linear on megabytes of dots.
_STOP = re.compile(
    r"""(?<![.!?…])[.!?…]++(?:['"”’»)\]]++|\s[”’»](?=\s|\Z))*+(?=\s|\Z)"""
    r"""|(?<=[a-z]{2})[.!?][”’)]?(?=[A-Z][a-z]+[ ,'’])"""
    r"""|[。！？｡؟۔।]++[」』”’）]*+"""
)
_NEXT_WORD = re.compile(r"""\s*+['"“”‘’«(\[–—-]*+\s?(\w+)""")
_CASE_AFTER_STOP = re.compile(r"""[a-z0-9]{2}[.!?]['"”’)]?\s['"“‘(]?([A-Za-z])""")
_SPACE = re.compile(r"\s*+")
_WORD = re.compile(r"\w")
_HYPHEN = re.compile(r"[-–—]")
_INITIALS = re.compile(r"[^\W\d_](?:[^\W\d_]?\.[^\W\d_]{1,2})*+")  # "J", "U.S", "p.m", "Ph.D"


def split(
    text: str, removed: Sequence[Span] = (), language: Language = ENGLISH
) -> tuple[Span, ...]:
    """The sentences of `text`, in order, disjoint, without surrounding white space.

    None crosses a paragraph break or a `removed` span (sorted, disjoint); each has at least one
    word character and at most `MAX_SENTENCE_CHARS` characters. Time is linear in the text.
    """
    uncased = _is_uncased(text)
    return tuple(
        sentence
        for start, end in _paragraphs(text, removed)
        for sentence in _split_paragraph(text, start, end, uncased, language.sentences)
    )


def split_paragraph(text: str, paragraph: Span, language: Language = ENGLISH) -> tuple[Span, ...]:
    """The sentences of one of `paragraphs(text)`."""
    start, end = paragraph.start, paragraph.end
    uncased = _is_uncased(text[start:end])
    return tuple(_split_paragraph(text, start, end, uncased, language.sentences))


def paragraphs(text: str) -> tuple[Span, ...]:
    """The paragraphs of `text`, in order, trimmed: the lines of hard-wrapped text put together."""
    return tuple(Span(start, end) for start, end in _paragraphs(text, ()))


def _is_uncased(text: str) -> bool:
    """Whether sentences begin in lower case more often than not, as in lower-cased corpora."""
    initials: list[str] = _CASE_AFTER_STOP.findall(text)
    if not initials:
        return text.islower()
    return 2 * sum(initial.islower() for initial in initials) > len(initials)


def _paragraphs(text: str, removed: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Runs of lines that read on into each other."""
    lines = list(_lines(text, _kept(text, removed)))
    if not lines:
        return
    breaks = {after for before, after in pairwise(lines) if _is_gap(text, before[1], after[0])}
    width = _wrap_width(text, [pair for pair in pairwise(lines) if pair[1] not in breaks])
    start = lines[0][0]
    for before, after in pairwise(lines):
        if after in breaks or not _wraps(text, before, after, width):
            yield start, before[1]
            start = after[0]
    yield start, lines[-1][1]


def _kept(text: str, removed: Sequence[Span]) -> Iterator[tuple[int, int]]:
    position = 0
    for span in removed:
        yield position, span.start
        position = span.end
    yield position, len(text)


def _lines(text: str, kept: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Trimmed, non-blank lines of the kept parts."""
    for start, end in kept:
        for match in LINE.finditer(text, start, end):
            trimmed = _trim(text, match.start(), match.end())
            if trimmed[0] < trimmed[1]:
                yield trimmed


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    raw = text[start:end]
    return end - len(raw.lstrip()), start + len(raw.rstrip())


def _is_gap(text: str, end: int, start: int) -> bool:
    """Whether more than one line break (or removed text) stands between two lines."""
    between = text[end:start]
    return not between.isspace() or len(between.splitlines()) > 2


def _wrap_width(text: str, pairs: Sequence[tuple[tuple[int, int], tuple[int, int]]]) -> int:
    """The column at which the text is hard-wrapped; 0 where each line is a paragraph of its own.

    A wrapped line is one that the next line's first word would not have fitted on.
    """
    width = max((before[1] - before[0] for before, _ in pairs), default=0)
    if not 40 <= width <= 100:
        return 0
    full = sum(_is_full(text, before, after, width) for before, after in pairs)
    return width if 2 * full >= len(pairs) else 0


def _is_full(text: str, before: tuple[int, int], after: tuple[int, int], width: int) -> bool:
    first_word = text[after[0] : min(after[1], after[0] + width)].split(maxsplit=1)[0]
    return before[1] - before[0] + 1 + len(first_word) > width


def _wraps(text: str, before: tuple[int, int], after: tuple[int, int], width: int) -> bool:
    if not width or _ITEM.match(text, after[0]):
        return False
    return _is_full(text, before, after, width)


def _split_paragraph(
    text: str, start: int, end: int, uncased: bool, rules: SentenceRules
) -> Iterator[Span]:
    for sentence in _sentences(text, (start, end), uncased, rules):
        yield from _pieces(text, *sentence)


def _sentences(
    text: str, paragraph: tuple[int, int], uncased: bool, rules: SentenceRules
) -> Iterator[tuple[int, int]]:
    start, end = paragraph
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and _ends_sentence(text, start, end, stop, uncased, rules):
            yield _trim(text, start, stop.end())
            start = stop.end()
    yield _trim(text, start, end)


def _ends_sentence(
    text: str, start: int, end: int, stop: re.Match[str], uncased: bool, rules: SentenceRules
) -> bool:
    following = _NEXT_WORD.match(text, stop.end(), end)
    if following is None:
        return True
    word: str = following[1]
    if not text[stop.end()].isspace():
        return word not in _TOP_LEVEL_DOMAINS
    if stop[0][0] != "." or stop[0][:2] == "..":
        quoted = stop[0][-1] in "\"'”’»"
        return (uncased and not quoted) or not word[0].islower()
    if _is_abbreviation(text, start, stop.start(), word, uncased, rules):
        return False
    return uncased or not word[0].islower() or word[1:2].isupper()


def _is_abbreviation(
    text: str, start: int, stop: int, following: str, uncased: bool, rules: SentenceRules
) -> bool:
    """Whether the full stop at `stop` belongs to the word before it and ends nothing."""
    tail = text[max(start, stop - 16) : stop].split()
    token = _HYPHEN.split(tail[-1])[-1].lstrip("\"'“‘([") if tail else ""
    if token.isdecimal():
        return stop - start <= len(token) + 2  # the number of a list's item
    word = token.lower().replace(".", "")
    if word in rules.titles or (word in rules.before_number and following[0].isdigit()):
        return True
    may_end = (
        word in rules.may_end_uncased if uncased else token[:1].isupper() and word in rules.may_end
    )
    if may_end or _INITIALS.fullmatch(token):
        openers = rules.openers_uncased if following[0].islower() else rules.openers
        return following.lower() not in openers
    return False


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """The sentence, cut at its weaker boundaries where it runs away."""
    while end - start > MAX_SENTENCE_CHARS:
        cut = _weaker_boundary(text, start)
        yield from _worded(text, start, cut)
        start = _skip_space(text, cut, end)
    yield from _worded(text, start, end)


def _skip_space(text: str, start: int, end: int) -> int:
    match = _SPACE.match(text, start, end)
    return match.end() if match else start


def _weaker_boundary(text: str, start: int) -> int:
    earliest, latest = start + MAX_SENTENCE_CHARS // 2, start + MAX_SENTENCE_CHARS
    for mark in ("\n", "; ", ", ", " "):
        found = text.rfind(mark, earliest, latest)
        if found >= 0:
            return found + 1
    return latest


def _worded(text: str, start: int, end: int) -> Iterator[Span]:
    start, end = _trim(text, start, end)
    if _WORD.search(text, start, end):
        yield Span(start, end)
