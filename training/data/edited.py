"""What an editor's sentence says of the one that it was made from.

Both are compared word by word (Ratcliff and Obershelp's matching, `difflib`): what was left out,
what was put in to say who or what is meant, whether the source stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    deleted = []
    for one in deletions(text, span, language):
        inside = [n for n, m in enumerate(places) if one.start <= m.start() < one.end]
        went = _went(fate, inside)
        if one.may and went is not None:
            deleted.append((Span(one.start, one.end), went))
    hangs = bool(language.grammar.dangling.match(text, span.start)) and fate[:1] == [True]
    by_rule = [word for each in introductions for word in normal_words(each.edit.text)]
    whole = not _introduces(inserted, source, language)
    kept = sum(each is False for each in fate) / max(len(fate), 1)
    return SentenceLabels(
        deleted=tuple(deleted),
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


def _went(fate: Sequence[bool | None], words: Sequence[int]) -> bool | None:
    """Whether some words in a row were left out; None where that is not clear: other words stand
    instead, or they are a part of what was left out, and might not have gone alone."""
    each = [fate[n] for n in words]
    if not words or None in each:
        return None
    if not all(each):
        return False
    around = [fate[n] for n in (words[0] - 1, words[-1] + 1) if 0 <= n < len(fate)]
    return None if True in around else True


def _introduces(inserted: Sequence[str], source: Sequence[str], language: Language) -> bool:
    """Whether words say who or what is meant: words of content that the source lacks."""
    held = {word[:STEM_CHARS] for word in source}
    glued = "".join(source)
    return any(
        is_content(word, language) and word[:STEM_CHARS] not in held and word not in glued
        for word in inserted
    )
