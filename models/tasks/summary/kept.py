"""What is never left out of a sentence, whatever a model says.

Denials and doubts with what they bear on, conditions, who said something, what a number counts, and
the time that it holds for. In doubt a rule keeps the words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from models.text.english import ENGLISH
from models.text.grammar import qualifies, scope
from models.text.language import EditingRules, Language

MIN_SAID = 2
"""A verb of saying goes only together with at least so many words of what was said."""
MAX_LIMIT = 3
"""The most words of one of `EditingRules.limits`."""
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:[-–/]\d\d(?:\d\d)?)?")
_QUOTES = frozenset('"“”')
_MARKS = frozenset(",;:—–()")


def may_go(words: Sequence[str], first: int, last: int, language: Language = ENGLISH) -> bool:
    """Whether the normal words and marks `first` to `last` (not included) may be left out."""
    rules = language.editing
    clause = _is_clause(words[first], language)
    return not (
        _drops_denial(words, first, last, clause, language)
        or _drops_condition(words, first, last, clause, rules)
        or _drops_limit(words, first, last, rules)
        or _drops_source(words, first, last, clause, language)
        or _cuts_number(words, first, last, language)
        or _drops_period(words, first, last, language)
        or _cuts_quotation(words, first, last)
    )


def is_number(word: str, language: Language = ENGLISH) -> bool:
    """Whether a normal word counts or measures: `12`, `$3.5`, `ten`."""
    return any(char.isdigit() for char in word[:2]) or word in language.grammar.numbers


def _is_clause(word: str, language: Language) -> bool:
    """Whether a word opens a clause that holds all that bears on it."""
    grammar, rules = language.grammar, language.editing
    return (
        word in grammar.relative or word in rules.coordinators or word in grammar.subordinate
    ) and word not in rules.conditions


def _drops_denial(
    words: Sequence[str], first: int, last: int, clause: bool, language: Language
) -> bool:
    if qualifies(words[first], language):
        return True
    places = [at for at in range(first, last) if qualifies(words[at], language)]
    return not clause and any(scope(words, at, language).stop > last for at in places)


def _drops_condition(
    words: Sequence[str], first: int, last: int, clause: bool, rules: EditingRules
) -> bool:
    places = [at for at in range(first, last) if words[at] in rules.conditions]
    return bool(places) and (not clause or places[0] == first)


def _drops_limit(words: Sequence[str], first: int, last: int, rules: EditingRules) -> bool:
    """Whether `at least` or `former` goes without the words that it bears on."""
    return any(
        tuple(words[at : at + length]) in rules.limits and at + length >= last
        for length in range(1, MAX_LIMIT + 1)
        for at in range(max(first, last - length), last)
    )


def _drops_source(
    words: Sequence[str], first: int, last: int, clause: bool, language: Language
) -> bool:
    """Whether it is left out who said what is kept."""
    rules = language.editing
    for at in range(first, last):
        if words[at] in rules.sources:
            return not clause
        if words[at] in rules.sayings:
            said = sum(word[0].isalnum() for word in words[at + 1 : last])
            return not clause or said < MIN_SAID
    return False


def _cuts_number(words: Sequence[str], first: int, last: int, language: Language) -> bool:
    """Whether a number loses what it counts, a part of it, or the rate that it is."""
    return _parts_number(words, first, last, language) or _cuts_rate(words, first, last, language)


def _parts_number(words: Sequence[str], first: int, last: int, language: Language) -> bool:
    """Whether a number is parted from the noun behind it, or from what it is a part of."""
    rules = language.editing
    before = words[first - 1] if first else ""
    if _counts(before, language):
        if words[first] in rules.number_links or _counts("".join(words[first + 1 :][:1]), language):
            return True
        noun = words[last] if last < len(words) else ""
        shades = noun[:1].isalpha() and noun not in language.function_words
        opens = words[first] in rules.constituents or words[first] in rules.adverbs
        if words[first][0].isalnum() and not opens and not shades:
            return True
    after = words[last] if last < len(words) else ""
    opens = after in rules.constituents or after in language.grammar.verbs
    return _counts(words[last - 1], language) and after[:1].isalnum() and not opens


def _counts(word: str, language: Language) -> bool:
    """Whether a word is a number without its unit, and no year."""
    return bool(word) and is_number(word, language) and not _YEAR.fullmatch(word)


def _cuts_rate(words: Sequence[str], first: int, last: int, language: Language) -> bool:
    return any(
        per in language.grammar.rates
        and time in language.grammar.times
        and first <= at < last
        and any(is_number(word, language) for word in words[max(0, at - 2) : min(at, first)])
        for at, (per, time) in enumerate(pairwise(words))
    )


def _drops_period(words: Sequence[str], first: int, last: int, language: Language) -> bool:
    """Whether a number stays without the period that it holds for, as `4% in 2019`."""
    rules = language.editing
    span = words[first:last]
    led = any(word in rules.participles or word.endswith(rules.participle_endings) for word in span)
    if led or not any(word in rules.periods or _YEAR.fullmatch(word) for word in span):
        return False
    if any(_measures(words, at, language) for at in range(first, last)):
        return False
    left = next((i for i in range(first - 1, -1, -1) if words[i] in _MARKS), -1)
    right = next((i for i in range(last, len(words)) if words[i] in _MARKS), len(words))
    places = [*range(left + 1, first), *range(last, right)]
    return any(_measures(words, at, language) for at in places)


def _measures(words: Sequence[str], at: int, language: Language) -> bool:
    """Whether a word is a quantity: neither a year nor the day of a month."""
    word = words[at]
    if not is_number(word, language) or _YEAR.fullmatch(word):
        return False
    before = next((w for w in reversed(words[max(0, at - 2) : at]) if w != "."), "")
    return before not in language.editing.periods and not word.endswith(("st", "nd", "rd", "th"))


def _cuts_quotation(words: Sequence[str], first: int, last: int) -> bool:
    """Whether words go from the middle of a quotation, so that it reads as nobody said it."""
    inside = sum(word in _QUOTES for word in words[:first]) % 2 == 1
    within = not any(word in _QUOTES for word in words[first:last])
    edges = [*words[max(0, first - 1) : first], *words[last : last + 1]]
    return inside and within and not any(word in _QUOTES for word in edges)
