"""What an editor's sentence says of the one that it was made from.

Both are compared word by word (Ratcliff and Obershelp's matching, `difflib`): what was left out,
what was put in to say who or what is meant, whether the source stands alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from models.analysis import Span
from models.tasks.summary.mentions import Introduction
from models.tasks.summary.spans import deletions
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.words import WORD, is_content, normal, normal_words

STEM_CHARS = 4
"""A word that begins like one of the source introduces nothing: it is another form of it."""
AS_IT_IS = 0.85
"""A sentence is left as it is where at least this share of its words stays."""


@dataclass(frozen=True, slots=True)
class SentenceLabels:
    """What is known of a source sentence.

    `deleted` are spans that may go and whether the editor left them out; those of which that is not
    clear are missing. `alone`: what says who or what is meant is there, or put in by rule.
    `is_extract`: it might as well be quoted as it is.
    """

    deleted: tuple[tuple[Span, bool], ...]
    alone: bool
    is_extract: bool


def sentence_labels(
    text: str,
    span: Span,
    edited: str,
    introductions: Sequence[Introduction] = (),
    language: Language = ENGLISH,
) -> SentenceLabels:
    """The labels of the sentence at a span of a text, of which an editor made another.

    `introductions` are those that a summary puts into it by rule.
    """
    places = [m for m in WORD.finditer(text, span.start, span.end) if m.group()[0].isalnum()]
    source = [normal(match.group()) for match in places]
    target = [word for word in normal_words(edited) if word[0].isalnum()]
    fate, inserted = _compared(source, target)
    possible = [
        (Span(one.start, one.end), _words_in(places, one))
        for one in deletions(text, span, language)
        if one.may
    ]
    hangs = bool(language.grammar.dangling.match(text, span.start)) and fate[:1] == [True]
    by_rule = [word for each in introductions for word in normal_words(each.edit.text)]
    whole = not _introduces(inserted, source, language)
    kept = sum(each is False for each in fate) / max(len(fate), 1)
    return SentenceLabels(
        deleted=tuple(_deleted(possible, fate)),
        alone=whole or not _introduces(inserted, [*source, *by_rule], language),
        is_extract=whole and not hangs and kept >= AS_IT_IS,
    )


def _compared(source: Sequence[str], target: Sequence[str]) -> tuple[list[bool | None], list[str]]:
    """For each word of the source whether it was left out (None: something stands instead), and
    the words that were put in."""
    fate: list[bool | None] = [False] * len(source)
    inserted: list[str] = []
    for what, a, b, c, d in SequenceMatcher(None, source, target, autojunk=False).get_opcodes():
        if what == "delete":
            fate[a:b] = [True] * (b - a)
        elif what != "equal":
            inserted += target[c:d]
            fate[a:b] = [None] * (b - a)
    return fate, inserted


def _words_in(places: Sequence[re.Match[str]], span: Span) -> range:
    """The numbers of the words that begin in a span."""
    inside = [n for n, match in enumerate(places) if span.start <= match.start() < span.end]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def _deleted(
    possible: Sequence[tuple[Span, range]], fate: Sequence[bool | None]
) -> Iterator[tuple[Span, bool]]:
    """Which spans were left out and which stayed, as far as that is clear.

    Each run of words that went is made of as few spans as can be. A span within one of these might
    not have gone alone, so nothing is said of it.
    """
    gone = {words for run in _runs(fate) for words in _parts(run, [w for _, w in possible])}
    for span, words in possible:
        if words in gone:
            yield span, True
        elif words and any(fate[n] is False for n in words):
            yield span, False


def _runs(fate: Sequence[bool | None]) -> Iterator[range]:
    """The longest runs of words that were left out."""
    begin = None
    for n, went in enumerate([*fate, False]):
        if went and begin is None:
            begin = n
        elif not went and begin is not None:
            yield range(begin, n)
            begin = None


def _parts(run: range, spans: Sequence[range]) -> list[range]:
    """As few spans as can be that make up a run; none where they cannot."""
    best: dict[int, list[range]] = {run.start: []}
    for at in run:
        for span in spans:
            if at in best and span and span.start == at and span.stop <= run.stop:
                longer = [*best[at], span]
                if len(longer) < len(best.get(span.stop, [*longer, span])):
                    best[span.stop] = longer
    return best.get(run.stop, [])


def _introduces(inserted: Sequence[str], source: Sequence[str], language: Language) -> bool:
    """Whether words say who or what is meant: words of content that the source lacks."""
    held = {word[:STEM_CHARS] for word in source}
    glued = "".join(source)
    return any(
        is_content(word, language) and word[:STEM_CHARS] not in held and word not in glued
        for word in inserted
    )
