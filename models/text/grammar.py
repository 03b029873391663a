"""Light checks of grammar: whether words make a sentence, and what a denial in one bears on.

In doubt they say no.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from models.text.english import ENGLISH
from models.text.language import Grammar, Language
from models.text.words import normal

_CLAUSE_MARKS = frozenset((",", ";", ":", "–", "—", "(", ")", "”"))
_STOPS = frozenset(".!?")
MIN_PAST_CHARS = 5
"""Shorter words with the ending of the past (red, bed, need) are seldom verbs."""


def is_sentence(words: Sequence[str], language: Language = ENGLISH) -> bool:
    """Whether words and marks, spelled as they will stand, make one sentence that can stand alone.

    It opens with a word, does not end on a word that wants another, has a verb outside its relative
    clauses, and a subordinate clause is followed by its main clause. Names hold no verbs.
    """
    grammar = language.grammar
    if not words or not words[0][0].isalnum() or normal(words[-1]) in grammar.no_end:
        return False
    main = list(_without_relatives(words, grammar))
    if normal(words[0]) in grammar.subordinate:
        main = main[main.index(",") + 1 :] if "," in main else []
    return not _STOPS & set(words) and any(_is_verb(word, grammar) for word in main)


def qualifies(word: str, language: Language = ENGLISH) -> bool:
    """Whether a normal word denies or doubts what comes after it, as `not`, `if`, `allegedly`."""
    grammar = language.grammar
    return word in grammar.qualifiers or word.endswith(grammar.denial_ending)


def scope(words: Sequence[str], place: int, language: Language = ENGLISH) -> range:
    """The places that a qualifier at one bears on: what is left of its clause, in normal words."""
    ends = _CLAUSE_MARKS | language.grammar.conjunctions
    after = range(place + 1, len(words))
    return range(place + 1, next((i for i in after if words[i] in ends), len(words)))


def _is_verb(word: str, grammar: Grammar) -> bool:
    past = word.endswith(grammar.past_ending) and len(word) >= MIN_PAST_CHARS
    return word[0].islower() and (past or normal(word) in grammar.verbs)


def _without_relatives(words: Sequence[str], grammar: Grammar) -> Iterator[str]:
    """The words outside clauses such as `, who was there,`."""
    inside = False
    for index, word in enumerate(words):
        if inside and word == ",":
            inside = False
        elif index and words[index - 1] == "," and normal(word) in grammar.relative:
            inside = True
        if not inside:
            yield word
