"""The words of an article that may name what it is about: short runs of its title and its first
sentences, and the names of all of it. By rule, and generous: the head tells which of them do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from models.analysis import Span
from models.encoding.tokens import Encoded
from models.text.language import Language
from models.text.words import WORD, normal, normal_words

MAX_WORDS = 6
"""A subject has at most so many words."""
SENTENCES, SENTENCE_WORDS = 6, 60
"""So many of the first sentences are looked at, and so many words of each."""
NAMES, PLACES = 40, 3
"""So many names of the rest are looked at, and so many places of each candidate."""
_NAME = re.compile(r"\b[A-Z][\w’'-]+(?: (?:of |the |de |al )?[A-Z][\w’'-]+){0,4}")
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may name the subject of an article.

    `key` is how they are compared. `places` are where they stand in the text, at most `PLACES`, in
    order, each with the number of its sentence; `mentions` says how often they stand there.
    `titled` is where they stand in the title, if they do. `is_noun`: they have a capital, or by
    what stands before them they may be a noun with its adjectives.
    """

    text: str
    key: str
    places: tuple[tuple[int, Span], ...]
    titled: Span | None
    mentions: int
    is_noun: bool


def key_of(words: str, language: Language) -> str:
    """Words as they are compared: in lower case, without an article before them and `'s` behind."""
    found = [_bare(word) for word in normal_words(words) if word[0].isalnum()]
    while len(found) > 1 and found[0] in language.grammar.articles:
        found.pop(0)
    return " ".join(found)


def _bare(word: str) -> str:
    return _POSSESSIVE.sub("", normal(word))


def candidates(encoded: Encoded) -> list[Candidate]:
    """What may name the subject of an article, in the order of the text; that of the title alone
    stands behind."""
    places: dict[str, list[tuple[int, Span]]] = {}
    for number, sentence in enumerate(encoded.sentences):
        runs = _runs if number < SENTENCES else _names
        for key, span in runs(encoded.text, sentence, encoded.language):
            places.setdefault(key, []).append((number, span))
    late = [key for key, found in places.items() if found[0][0] >= SENTENCES]
    for key in late[NAMES:]:
        del places[key]
    title = Span(0, len(encoded.heading))
    titled = dict(_runs(encoded.heading, title, encoded.language)) if encoded.title else {}
    wording = f" {key_of(encoded.text, encoded.language)} "
    return [
        Candidate(
            text=_shown(encoded.text, found[0][1]),
            key=key,
            places=tuple(found[:PLACES]),
            titled=titled.get(key),
            mentions=max(len(found), wording.count(f" {key} ")),
            is_noun=any(
                _may_be_noun(encoded.text, encoded.sentences[number], span, encoded.language)
                for number, span in found
            ),
        )
        for key, found in places.items()
    ] + [
        Candidate(
            text=_shown(encoded.heading, span),
            key=key,
            places=(),
            titled=span,
            mentions=0,
            is_noun=_may_be_noun(encoded.heading, title, span, encoded.language),
        )
        for key, span in titled.items()
        if key not in places
    ]


def _may_be_noun(text: str, sentence: Span, span: Span, language: Language) -> bool:
    """Whether a name begins at a place, or a noun: behind an article, a preposition or a mark."""
    if text[span.start].isupper():
        return True
    rules = language.editing
    words = WORD.finditer(text, sentence.start, span.start)
    *_, before = ["", *(normal(word.group()) for word in words)]
    opens = ((rules.determiners | rules.constituents) - rules.clauses) | rules.coordinators
    return not before[:1].isalnum() or before in opens


def _shown(text: str, span: Span) -> str:
    return _POSSESSIVE.sub("", " ".join(text[span.start : span.end].split()))


def _runs(text: str, sentence: Span, language: Language) -> Iterator[tuple[str, Span]]:
    """Runs of words with no mark inside that neither begin nor end on a function word."""
    matches = WORD.finditer(text, sentence.start, sentence.end)
    words = list(islice(matches, SENTENCE_WORDS))
    behind = [normal(word.group()) for word in words[1:]] + [""] * bool(words)
    kinds = [
        _kind(word.group(), after, language) for word, after in zip(words, behind, strict=True)
    ]
    keys = [_bare(word.group()) for word in words]
    for first, kind in enumerate(kinds):
        for last in range(first, min(first + MAX_WORDS, len(words))):
            if kind != CONTENT or kinds[last] == BREAK:
                break
            if kinds[last] == CONTENT:
                span = Span(words[first].start(), words[last].end())
                yield " ".join(keys[first : last + 1]), span


CONTENT, FUNCTION, BREAK = "content", "function", "break"


def _kind(word: str, after: str, language: Language) -> str:
    """Whether a word may begin or end a subject, stand inside one, or in none. One in lower case
    before an article is a verb."""
    spelled = normal(word)
    rules, grammar = language.editing, language.grammar
    clause = (rules.clauses | grammar.relative) - rules.coordinators
    verb = word.islower() and after in rules.determiners - rules.coordinators - rules.clauses
    adverb = spelled in rules.adverbs or (
        spelled.endswith(rules.adverb_ending) and spelled not in rules.no_adverbs
    )
    if not word[0].isalnum() or spelled in rules.auxiliaries or spelled in clause:
        return BREAK
    if spelled in language.function_words:
        return FUNCTION
    return BREAK if word.islower() and (verb or adverb) else CONTENT


def _names(text: str, sentence: Span, language: Language) -> Iterator[tuple[str, Span]]:
    for match in _NAME.finditer(text, sentence.start, sentence.end):
        found = WORD.finditer(text, match.start(), match.end())
        words = [word for word in found if word.group()[0].isalnum()]
        while words and normal(words[0].group()) in language.function_words:
            words.pop(0)
        if words:
            key = " ".join(_bare(word.group()) for word in words)
            yield key, Span(words[0].start(), words[-1].end())
