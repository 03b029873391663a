"""What the project knows of a language, as one object. The lists are in the language's folder.

Code that cleans, splits or compares words takes a `Language`. A second language is one more folder
such as `models.text.english` and its line in `models.text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from models.text.boilerplate import BoilerplateRules


@dataclass(frozen=True, slots=True)
class SentenceRules:
    """Words that say whether a full stop ends a sentence. All but `openers` stand before it.

    `titles` never end one; `before_number` do, but not before a number. `may_end` end one only
    where the next word is one of `openers`; `may_end_uncased` are those of them that are no words
    in lower-cased text, where the next word is one of `openers_uncased`.
    """

    titles: frozenset[str]
    before_number: frozenset[str]
    may_end: frozenset[str]
    may_end_uncased: frozenset[str]
    openers: frozenset[str]
    openers_uncased: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grammar:
    """Words by what they do in a sentence, for the checks of `models.text.grammar`.

    A sentence does not end on `no_end`. `subordinate` open a clause that needs a main clause,
    `relative` a clause about the word before, `conjunctions` a clause of its own. `verbs` are forms
    of verbs; longer words on `past_ending` are taken for verbs too. `qualifiers`, and words on
    `denial_ending`, deny or doubt what comes after them. `numbers` count, and one of `rates` before
    one of `times` makes a rate. `dangling` matches a sentence that hangs on the one before it.
    """

    articles: frozenset[str]
    no_end: frozenset[str]
    subordinate: frozenset[str]
    relative: frozenset[str]
    conjunctions: frozenset[str]
    verbs: frozenset[str]
    past_ending: str
    qualifiers: frozenset[str]
    denial_ending: str
    numbers: frozenset[str]
    rates: frozenset[str]
    times: frozenset[str]
    dangling: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Language:
    """One language. `code` is its ISO 639 code; `function_words` carry no content.

    It is sent to another process by its code, so it must be registered there.
    """

    code: str
    function_words: frozenset[str]
    sentences: SentenceRules
    boilerplate: BoilerplateRules
    grammar: Grammar

    def __reduce__(self) -> tuple[Callable[[str], Language], tuple[str]]:
        return language, (self.code,)


_LANGUAGES: dict[str, Language] = {}


def register(added: Language) -> None:
    """Makes a language known by its code."""
    _LANGUAGES[added.code] = added


def language(code: str) -> Language:
    """The registered language with this code. Raises KeyError."""
    return _LANGUAGES[code]


def words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as one text."""
    return frozenset(text.split())
