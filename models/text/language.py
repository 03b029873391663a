"""What the project knows of a language, as one object. The lists are in the language's folder.

Code that cleans, splits or compares words takes a `Language`. A second language is one more folder
such as `models.text.english` and its line in `models.text`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
    `denials` are forms of verbs beside the same denied.
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
    denials: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class EditingRules:
    """What an editor may leave out of a sentence, and what stays.

    `constituents` open a constituent that may go; longer words on `participle_endings` do too.
    `adverbs`, and longer words on `adverb_ending` that are none of `no_adverbs`, may go alone. So
    may adjectives, behind one of `determiners` or on `adjective_endings`, but for
    `adjectives_stay`. `clauses`, beside the words of `Grammar`, open a clause; `auxiliaries` are
    finite verbs. `additions` say that something was said before, `openings` matches what hangs on
    the sentence before at the start of one, `datelines` what only says where a text comes from.
    `time_leads`, `days`, `periods` and `day_parts` make up times; a number may hold for one of
    `periods` only.

    What is never left out: what `conditions` open, the words that `limits` bear on (each of one to
    three normal words), and who said something: `sayings` are verbs, `sources` open a source.
    `coordinators` join constituents, `number_links` a number and what it counts. An article changes
    before `vowels`.
    """

    constituents: frozenset[str]
    participle_endings: tuple[str, ...]
    participles: frozenset[str]
    adverbs: frozenset[str]
    adverb_ending: str
    no_adverbs: frozenset[str]
    determiners: frozenset[str]
    adjective_endings: tuple[str, ...]
    adjectives_stay: frozenset[str]
    clauses: frozenset[str]
    auxiliaries: frozenset[str]
    additions: frozenset[str]
    openings: re.Pattern[str]
    datelines: re.Pattern[str]
    time_leads: frozenset[str]
    days: frozenset[str]
    periods: frozenset[str]
    day_parts: frozenset[str]
    conditions: frozenset[str]
    limits: frozenset[tuple[str, ...]]
    sayings: frozenset[str]
    sources: frozenset[str]
    coordinators: frozenset[str]
    number_links: frozenset[str]
    vowels: frozenset[str]


@dataclass(frozen=True, slots=True)
class NamingRules:
    """How a text names whom and what it is about.

    `titles` stand before a name (in lower case, without full stops), `courtesies` are those that
    say no office. `name_particles` stand inside a name. `subjects` are pronouns as the subject of a
    sentence with whether they stand for a person; `possessives` the same before a noun. `objects`
    are those that stand for a person elsewhere. `demonstratives` point back; the one that is a
    `conjunction` does so behind a preposition. `expletives` may stand for nothing but a clause
    behind them, which one of `announced` opens. `common_nouns` stand for people, bodies and things
    that a pronoun may mean. A noun behind `the`, or behind one of `qualifiers`, points back to
    something named before, but for `unique_nouns`, of which there is one. A time behind one of
    `counting_from` counts from another. `never_names` are words with a capital that are no surname.
    """

    titles: frozenset[str]
    courtesies: frozenset[str]
    name_particles: frozenset[str]
    suffixes: frozenset[str]
    subjects: Mapping[str, bool]
    possessives: Mapping[str, bool]
    objects: frozenset[str]
    demonstratives: frozenset[str]
    conjunction: str
    expletives: frozenset[str]
    announced: frozenset[str]
    common_nouns: frozenset[str]
    unique_nouns: frozenset[str]
    qualifiers: frozenset[str]
    counting_from: frozenset[str]
    indefinite: frozenset[str]
    never_names: frozenset[str]
    given_names: frozenset[str]


@dataclass(frozen=True, slots=True)
class FormRules:
    """What a sentence that is printed does not hold.

    `first_person` and `reader` are words outside quotations; `page` matches text about the page
    (links, captions), `fragment` the beginning of a sentence that lacks its subject or its verb,
    `lost` words of which one is there twice or another is lost. `verb_endings` end forms of verbs,
    `bases` are forms without one. A word is seldom one on its own that begins with one of
    `glued_first` or ends on one of `glued_last`, and is a known word but for it.
    """

    first_person: frozenset[str]
    reader: frozenset[str]
    page: re.Pattern[str]
    fragment: re.Pattern[str]
    lost: re.Pattern[str]
    verb_endings: tuple[str, ...]
    glued_first: frozenset[str]
    glued_last: frozenset[str]
    bases: frozenset[str]


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
    editing: EditingRules
    naming: NamingRules
    form: FormRules

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
