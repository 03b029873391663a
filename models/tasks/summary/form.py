"""What is wrong with the form of a sentence that may be printed.

By rule, and only where it is sure: a sentence without a flaw here may still read badly, which an
acceptability score tells.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from enum import StrEnum

from models.analysis import Span
from models.tasks.summary.edits import Edit, Reason
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.words import WORD, normal

MIN_WORDS = 3
MOST_SAYING = 8
_SPOKEN = frozenset("\"“‘'")
MIN_HALF = 2
"""A glued word is parted into halves of at least so many letters."""
MIN_GLUED, MIN_GLUED_NAME = 5, 7
"""Shorter words are not taken for two; the second is for those with a capital."""
MIN_KNOWN_HALF = 3
MIN_CONTENT_HALF = 5
"""A word that is two words without a function word has halves of at least so many letters."""

MAX_NAME_CHARS = 30

_STOPPED = re.compile(r"[.!?][\"”’')\]]*$")
_CUT = re.compile(
    r"…|^[►•▪■*]|\.\.\.|(?:^|\s)--$|\[\s*\]|\(\s*\)"
    r"|(?:^|[.!?]\s)\d{1,2}\.(?:\s|$)"  # the number of an item of a list
)
_JOINED = re.compile(
    r"[A-Za-z]['’]s[A-Za-z]{2}|\ba[A-Z][a-z]|[a-z]{2,}[.!?;:][”’]?[A-Z][a-z]|[a-z],[a-z]{2}"
    r"|[a-z]{2}\)[A-Za-z]{2}"
)
_BEHIND_OPENING = re.compile(r"\s*(?:,|\s)\s*")
_LETTERS = re.compile(r"[^\W\d_]+")
_NAME_BEFORE, _NAME_AFTER = re.compile(r"\b[A-Z][\w'’.-]* $"), re.compile(r" [A-Z]")
_BEHIND_POSSESSIVE = re.compile(r"(?<=[A-Za-z]['’]s)[A-Za-z]{2,}")
_BEHIND_ARTICLE = re.compile(r"(?<=\ba)[A-Z][a-z]{2,}")
_LINKS = re.compile(
    r"\b(?P<name>[A-Z][a-z]+)(?: [A-Z(][\w.()'’-]*){1,5}? (?P=name)(?=[A-Z])"
    r"[^\n]{1,800}? MORE\b"
)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
_NUMBERED = re.compile(r"\b[A-Z]\w* I\b|\bI/|/I\b")
_SHOUTED = re.compile(r"(?:\b[A-Z]{2,}\b[\s,:'’-]*){5,}")


class Flaw(StrEnum):
    """Why a sentence is not printed."""

    UNPAIRED = "unpaired"
    """A quotation or bracket is opened and not closed, or closed and not opened."""
    NO_STOP = "no_stop"
    NO_CAPITAL = "no_capital"
    NO_VERB = "no_verb"
    SHORT = "short"
    GLUED = "glued"
    """Words or sentences without the space between them, or a word twice or lost."""
    CUT = "cut"
    """An ellipsis, or empty brackets."""
    PAGE = "page"
    """Links, captions, addresses: text about the page."""
    FIRST_PERSON = "first_person"
    """`I` or `we` outside quotations."""
    READER = "reader"
    """The reader is spoken to outside quotations, or `here` is where the text is."""
    QUESTION = "question"


def flaws(sentence: str, language: Language = ENGLISH) -> tuple[Flaw, ...]:
    """What is wrong with a sentence, each flaw once. Time is linear in it.

    Glued words can only be told by the article's words: see `mends`.
    """
    text = " ".join(sentence.split())
    return tuple(dict.fromkeys(_flaws(text, language)))


def _flaws(text: str, language: Language) -> Iterator[Flaw]:
    words = [match.group() for match in WORD.finditer(text) if match.group()[0].isalnum()]
    unquoted = [normal(word) for word in _NUMBERED.sub(" ", _QUOTED.sub(" ", text)).split()]
    unquoted = [word.strip(",.;:!?()—–-'") for word in unquoted]
    if _told_before(text, language):
        yield Flaw.CUT
    if not _is_paired(text):
        yield Flaw.UNPAIRED
    if not _STOPPED.search(text):
        yield Flaw.NO_STOP
    if _opens_small(text):
        yield Flaw.NO_CAPITAL
    if len(words) < MIN_WORDS:
        yield Flaw.SHORT
    if language.form.fragment.match(text) or not any(
        _may_be_verb(word, language) for word in words[1:]
    ):
        yield Flaw.NO_VERB
    if _JOINED.search(text) or language.form.lost.search(text):
        yield Flaw.GLUED
    if _CUT.search(text):
        yield Flaw.CUT
    if language.form.page.search(text) or _SHOUTED.search(text):
        yield Flaw.PAGE
    if language.form.first_person.intersection(unquoted):
        yield Flaw.FIRST_PERSON
    if language.form.reader.intersection(unquoted):
        yield Flaw.READER
    if re.search(r"\?[\"”’')]*$", text):
        yield Flaw.QUESTION


def _told_before(text: str, language: Language) -> bool:
    """Whether a sentence says who says it and has lost what stood before that: `The man argued, it
    was late.`"""
    head, comma, rest = text.partition(", ")
    words = [normal(word) for word in head.split()]
    whole = bool(comma) and 1 < len(words) < MOST_SAYING and rest[:1] not in _SPOKEN
    led = bool(words) and words[0] in language.grammar.subordinate
    return whole and not led and words[-1] in language.editing.sayings


def _is_paired(text: str) -> bool:
    pairs = (("(", ")"), ("[", "]"), ("“", "”"))
    if text.count('"') % 2 or any(text.count(left) != text.count(right) for left, right in pairs):
        return False
    if text.count("‘") > text.count("’"):
        return False
    depth = 0
    for char in text:
        depth += (char in "([") - (char in ")]")
        if depth < 0:
            return False
    return True


def _opens_small(text: str) -> bool:
    """Whether the first word is written small, and not as `iPhone` is."""
    word = _LETTERS.search(text)
    if word is None or text[: word.start()].strip(" \"'“‘([$£€"):
        return False
    return word.group().islower()


def _may_be_verb(word: str, language: Language) -> bool:
    """Whether a word may be a form of a verb; in doubt it may."""
    spelled, form = normal(word), language.form
    known = spelled in language.grammar.verbs or spelled in form.bases
    ending = spelled.endswith(form.verb_endings) and word[0].islower()
    return known or spelled in language.editing.sayings or ending or "'" in spelled


def mends(text: str, span: Span, known: Container[str], language: Language = ENGLISH) -> list[Edit]:
    """The spaces that glued words of a sentence lack, as edits in order: `hasalso` → `has also`.

    `known` are normal words: those of a vocabulary, and those the article has twice. A word is
    parted where it is not known itself, one half is a function word that words seldom begin or end
    with, and the other half is known or a function word; where there are two such places, it stays.
    So do names such as `UnionPay`, and the words of longer ones such as `Crispin Struthers`.
    """
    articles = _BEHIND_ARTICLE.finditer(text, span.start, span.end)
    edits = [
        *_links(text, span),
        *_behind_possessives(text, span, known),
        *(Edit(at.start(), at.start(), " ", Reason.MENDING) for at in articles),
    ]
    for match in _words(text, span):
        cuts = [
            at
            for at in _places(match.group(), known, language)
            if _is_safe(match.group(), at, language)
        ]
        if len(cuts) == 1:
            at = match.start() + cuts[0]
            if not any(edit.start <= at <= edit.end for edit in edits):
                edits.append(Edit(at, at, " ", Reason.MENDING))
    return sorted(edits, key=lambda edit: edit.start)


def opening(text: str, begin: int, end: int, language: Language = ENGLISH) -> list[Edit]:
    """The edit that takes away what opens a sentence and hangs on the one before it, if it does so:
    `But`, or a phrase with a comma such as `In addition,`."""
    match = language.editing.openings.match(text, begin, end)
    if match is None:
        return []
    behind = _BEHIND_OPENING.match(text, match.end(), end)
    joins = normal(match.group()) in language.editing.coordinators
    if behind is None or behind.end() == end or not (joins or "," in behind.group()):
        return []
    return [Edit(begin, behind.end(), "", Reason.OPENING)]


def dateline(text: str, span: Span, language: Language = ENGLISH) -> list[Edit]:
    """The edit that takes the dateline of a sentence away, if it has one: `LIMA, May 2 (AP) - `."""
    match = language.editing.datelines.match(text, span.start, span.end)
    if match is None or match.end() == span.end:
        return []
    return [Edit(span.start, match.end(), "", Reason.OPENING)]


def _behind_possessives(text: str, span: Span, known: Container[str]) -> Iterator[Edit]:
    """The space that a word lacks behind a possessive: `Lee'sWhat`, `Lee'smedical`."""
    for match in _BEHIND_POSSESSIVE.finditer(text, span.start, span.end):
        if match.group()[0].isupper() or match.group() in known:
            yield Edit(match.start(), match.start(), " ", Reason.MENDING)


def _links(text: str, span: Span) -> Iterator[Edit]:
    """A name again in full, glued to headlines up to `MORE`: links of a page inside a sentence, as
    in `Trump Donald John TrumpSenators balk at a trial MORE said`."""
    for match in _LINKS.finditer(text, span.start, span.end):
        yield Edit(match.end("name"), match.end(), "", Reason.MENDING)


def is_glued(text: str, span: Span, known: Container[str], language: Language = ENGLISH) -> bool:
    """Whether a sentence has a word that is two words of the article glued together, and that
    `mends` does not part."""
    mended = {edit.start for edit in mends(text, span, known, language)}
    return any(
        match.start() + at not in mended and _are_words(match.group(), at, language)
        for match in _words(text, span)
        for at in _places(match.group(), known, language)
    )


def _words(text: str, span: Span) -> Iterator[re.Match[str]]:
    """The words of a sentence but for those with a capital beside another such: names."""
    for match in _LETTERS.finditer(text, span.start, span.end):
        if match.group()[0].islower() or not (
            _NAME_BEFORE.search(
                text, max(span.start, match.start() - MAX_NAME_CHARS), match.start()
            )
            or _NAME_AFTER.match(text, match.end(), span.end)
        ):
            yield match


def _are_words(word: str, at: int, language: Language) -> bool:
    """Whether two known halves of an unknown word are no compound: no noun or adjective ends it."""
    rules, right = language.editing, word[at:]
    ends = right in rules.sayings or right in rules.constituents or right in rules.adverbs
    long = MIN_CONTENT_HALF <= at <= len(word) - MIN_CONTENT_HALF
    return _is_safe(word, at, language) or (long and ends)


def _places(word: str, known: Container[str], language: Language) -> list[int]:
    """Where a word may be parted into two that are known."""
    lower, function = normal(word), language.function_words
    shortest = MIN_GLUED if word.islower() else MIN_GLUED_NAME
    if len(word) < shortest or lower in known or lower in function:
        return []
    return [
        at
        for at in range(MIN_HALF, len(word) - MIN_HALF + 1)
        if all(
            half in function or (half in known and len(half) >= MIN_KNOWN_HALF)
            for half in (lower[:at], lower[at:])
        )
    ]


def _is_safe(word: str, at: int, language: Language) -> bool:
    lower, form = normal(word), language.form
    if word[at].isupper() and word[0].isupper() and lower[:at] != lower[at:]:
        return lower[at:] in language.function_words  # a name such as `UnionPay` is one word
    cased = word[at - 1].islower() and word[at].isupper()
    return cased or lower[:at] in form.glued_first or lower[at:] in form.glued_last
