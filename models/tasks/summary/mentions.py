"""Who and what is named in an article, and what a chosen sentence needs to stand alone.

By rule: a surname gets the full name and the office of its first full mention, initials the name
that the article spells out for them. For a pronoun only candidates are offered; a sentence that
hangs on what nobody introduced is said to hang. A wrong introduction is worse than none, so a
surname that two people of the article share is offered and not put in.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from models.analysis import Span
from models.tasks.summary.drafts import MAX_SENTENCE_WORDS
from models.tasks.summary.edits import Edit, Reason
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.words import WORD, normal

MAX_NAME_WORDS = 4
"""A full name has two to so many words, without titles."""
PRONOUN_REACH = 5
"""The antecedent of a pronoun is looked for in so many sentences before."""
MAX_CANDIDATES = 6
"""Of those whom a pronoun or a surname may mean, so many are known at most."""
MAX_ROLE_WORDS = 4
"""An office before a name has at most so many words."""

_CAPITAL = re.compile(r"(?:[^\W\d_]\.(?:[^\W\d_]\.)*)|[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_POSSESSIVE = re.compile(r"['’]s$|(?<=s)['’]$")
_SPELLED_OUT = re.compile(r"\(\s*([A-Z][A-Z.&]{1,8}s?)\s*\)")
_WORD_BEFORE = re.compile(r"(?:^|(?<=[^\w'’.-]))([\w'’.-]+)\s\Z", re.MULTILINE)
_INITIALS = re.compile(r"\b[A-Z][A-Z&]{1,8}\b")


@dataclass(frozen=True, slots=True)
class Name(Span):
    """A name as it is mentioned, with its titles: `name` begins at `name_start`, `title` is what
    stands before it. `name` is "" where the title stands alone."""

    name_start: int
    name: str
    title: str

    @property
    def surname(self) -> str:
        return self.name.rpartition(" ")[2]

    @property
    def is_full(self) -> bool:
        return 2 <= len(self.name.split()) <= MAX_NAME_WORDS


@dataclass(frozen=True, slots=True)
class Introduction:
    """An edit that says who or what is meant, and whether that is certain."""

    edit: Edit
    sure: bool


@dataclass(frozen=True, slots=True)
class Needs:
    """What a sentence needs to stand alone behind those before it in a summary.

    `introductions` are certain. Of each of `offers`, the likeliest first, one has to be judged
    right, or the sentence hangs. `hanging` are mentions that nothing is known to introduce.
    """

    introductions: tuple[Introduction, ...]
    offers: tuple[tuple[Introduction, ...], ...]
    hanging: tuple[Span, ...]

    @property
    def stands(self) -> bool:
        """Whether it stands alone with its introductions."""
        return not self.offers and not self.hanging


class Mentions:
    """The names of an article by its sentences, indexed once."""

    def __init__(self, text: str, sentences: Sequence[Span], language: Language = ENGLISH) -> None:
        self._text, self._sentences, self._language = text, sentences, language
        self.names = tuple(names(text, language))
        self._starts = [name.start for name in self.names]
        self._with_article = {name.name for name in self.names if self._has_article(name)}
        self._alone = {name.name for name in self.names if " " not in name.name}
        self._spelled_out = spelled_out(text)
        self._common = frozenset(re.findall(r"\b[^\W\d_A-Z][^\W\d_]+", text))
        self._people = self._indexed()

    def introductions(self, chosen: Sequence[Span]) -> tuple[Needs, ...]:
        """What each of the chosen sentences needs, in the order of the summary. Each is one of the
        article's sentences. Time is linear in their length and in the names of the article."""
        known: set[str] = set()
        needs: list[Needs] = []
        for place, sentence in enumerate(chosen):
            before = chosen[place - 1] if place else None
            needs.append(self._needs(sentence, before, chosen[:place], known))
            known |= self._made_known(sentence)
        return tuple(needs)

    def within(self, span: Span) -> tuple[Name, ...]:
        """The names that begin in a span, in order."""
        first = bisect_right(self._starts, span.start - 1)
        last = bisect_right(self._starts, span.end - 1)
        return self.names[first:last]

    def antecedents(self, surname: str) -> tuple[Name, ...]:
        """The first mention of each full name with a surname, in the article's order, at most
        `MAX_CANDIDATES`. Names that differ by a middle name or its initial are one."""
        return tuple(self._people.get(normal(surname), {}).values())

    def _indexed(self) -> dict[str, dict[str, Name]]:
        """The first mention of each person, by surname and given name."""
        people: dict[str, dict[str, Name]] = {}
        texts = (span for span in self._sentences if _is_run_on(self._text, span))
        run_on = {name for span in texts for name in self.within(span)}
        for name in self.names:
            if name.is_full and name not in run_on and self._is_person(name):
                found = people.setdefault(normal(name.surname), {})
                if len(found) < MAX_CANDIDATES:
                    found.setdefault(normal(name.name.split()[0]), name)
        return people

    def _made_known(self, sentence: Span) -> set[str]:
        text = self._text[sentence.start : sentence.end]
        initials = set(_INITIALS.findall(text))
        return {normal(name.surname) for name in self.within(sentence)} | initials

    def _needs(
        self, sentence: Span, before: Span | None, chosen: Sequence[Span], known: set[str]
    ) -> Needs:
        sure: list[Introduction] = []
        offers: list[tuple[Introduction, ...]] = []
        here: set[str] = set(known)
        for name in self.within(sentence):
            found = self._named(name, here)
            if len(found) == 1:
                sure.append(Introduction(found[0], sure=True))
            elif found:
                offers.append(tuple(Introduction(edit, sure=False) for edit in found))
            here.add(normal(name.surname))
        sure += [Introduction(edit, sure=True) for edit in self._initials(sentence, known)]
        hanging = []
        pronoun = self._pronoun(sentence)
        if pronoun is not None and not self._follows(sentence, before):
            offered = self._candidates(sentence, pronoun)
            if offered:
                offers.append(offered)
            else:
                hanging.append(pronoun)
        person = self._unnamed(sentence) if pronoun is None else None
        if person is not None and not self._follows(sentence, before):
            hanging.append(person)
        described = self._description(sentence)
        if described is not None and not self._is_introduced(described, sentence, chosen):
            hanging.append(described)
        if not self._follows(sentence, before):
            hanging += [*self._times(sentence), *self._pointed(sentence, chosen)]
        ordered = sorted(sure, key=lambda each: (each.edit.start, each.edit.end))
        return Needs(tuple(ordered), tuple(offers), tuple(hanging))

    def _named(self, name: Name, known: set[str]) -> list[Edit]:
        """The edits that may give a surname its full name, none where it needs none."""
        naming = self._language.naming
        if " " in name.name or normal(name.surname) in known or self._has_article(name):
            return []
        if normal(name.surname) in naming.never_names or self._modifies(name):
            return []
        return [
            edit
            for person in self.antecedents(name.surname)
            if (edit := self._full_name(name, person)) is not None
        ]

    def _modifies(self, name: Name) -> bool:
        """Whether a name stands before a noun, as in `Lee campaign workers`, or has an office."""
        office = bool(name.title) and not _is_courtesy(name.title, self._language)
        after = WORD.search(self._text, name.end, name.end + 40)
        if after is None:
            return False
        return office or (
            self._text[name.end : after.start()] == " " and self._is_noun(after.group())
        )

    def _is_noun(self, word: str) -> bool:
        """Whether a word is one by its form: in doubt it is a verb."""
        spelled, rules = normal(word), self._language
        other = rules.function_words | rules.editing.constituents | rules.editing.adverbs
        ends = (*rules.form.verb_endings, rules.editing.adverb_ending)
        verb = self._is_verb(spelled) or spelled in rules.form.bases or spelled.endswith(ends)
        return word.islower() and spelled not in other and not verb

    def _full_name(self, mention: Name, person: Name) -> Edit | None:
        given = person.name[: len(person.name) - len(person.surname)]
        courtesy = _is_courtesy(mention.title, self._language)
        if person.start >= mention.start and not person.title:
            return None
        title = "" if mention.title and not courtesy else self._title(person)
        start = mention.start if courtesy else mention.name_start
        return Edit(start, mention.name_start, title + given, Reason.INTRODUCTION)

    def _title(self, person: Name) -> str:
        """The office of a person as it stands inside a sentence, though it may have begun one."""
        office = _office(person.title, self._language)
        first = normal(office.partition(" ")[0])
        begins = any(sentence.start == person.start for sentence in self._sentences)
        small = begins and first and first not in self._language.naming.titles
        return office[0].lower() + office[1:] if small else office

    def _initials(self, sentence: Span, known: set[str]) -> Iterator[Edit]:
        """The first mention of initials as the name that the article spells out for them."""
        done = set(known)
        text = self._text[sentence.start : sentence.end]
        for match in _INITIALS.finditer(text):
            full = self._spelled_out.get(match.group())
            start, end = sentence.start + match.start(), sentence.start + match.end()
            inside = text[: match.start()].endswith("(")
            if full and match.group() not in done and not inside and full not in text:
                yield Edit(start, end, full, Reason.INTRODUCTION)
            done.add(match.group())

    def _pronoun(self, sentence: Span) -> Span | None:
        """A pronoun that the sentence has as its subject, or before it: `He said`, `Her plan`."""
        naming = self._language.naming
        start = self._behind_opening(sentence)
        match = WORD.search(self._text, start, sentence.end)
        if match is None:
            return None
        word = normal(match.group())
        if word.partition("'")[0] in naming.expletives and self._announces(match.start(), sentence):
            return None
        pronoun = word in naming.subjects or word in naming.possessives
        alone = word in naming.demonstratives and self._stands_alone(match.end(), sentence)
        opener, apostrophe, _ = word.partition("'")
        contracted = apostrophe and (opener in naming.subjects or opener in naming.demonstratives)
        end = match.end() if not contracted else match.start() + len(opener)
        return Span(match.start(), end) if pronoun or alone or contracted else None

    def _unnamed(self, sentence: Span) -> Span | None:
        """The first pronoun inside a sentence that stands for a person, where no name and no noun
        for a person is before it: `Polls showed him behind`."""
        naming = self._language.naming
        first = self._behind_opening(sentence)  # a capital there is no sign of a name
        names = (n for n in self.within(sentence) if n.start != first or self._person(n))
        named = min((name.start for name in names), default=sentence.end)
        for match in WORD.finditer(self._text, sentence.start, named):
            word = normal(match.group())
            if word in naming.common_nouns:
                return None
            persons = naming.subjects.get(word) or naming.possessives.get(word)
            if persons or word in naming.objects:
                return Span(match.start(), match.end())
        return None

    def _announces(self, at: int, sentence: Span) -> bool:
        """Whether a pronoun stands for nobody, but for a clause behind it: `It is no surprise that
        Bolt leads`, `It was late when they came`."""
        words = [normal(m.group()) for m in islice(WORD.finditer(self._text, at, sentence.end), 12)]
        naming, auxiliaries = self._language.naming, self._language.editing.auxiliaries
        is_verb = "'" in words[0] or any(word in auxiliaries for word in words[1:2])
        return is_verb and any(word in naming.announced for word in words[2:])

    def _behind_opening(self, sentence: Span) -> int:
        rules, at = self._language.editing, sentence.start
        for pattern in (rules.datelines, rules.openings):
            match = pattern.match(self._text, at, sentence.end)
            word = WORD.search(self._text, match.end(), sentence.end) if match else None
            while word is not None and not word.group()[0].isalnum():
                word = WORD.search(self._text, word.end(), sentence.end)
            at = word.start() if word else at
        return at

    def _stands_alone(self, at: int, sentence: Span) -> bool:
        """Whether `this` before an offset is no article of a noun: a verb comes next."""
        match = WORD.search(self._text, at, sentence.end)
        word = normal(match.group()) if match else ""
        return word in self._language.editing.auxiliaries or word in self._language.grammar.verbs

    def _follows(self, sentence: Span, before: Span | None) -> bool:
        """Whether the sentence before it in the summary is that before it in the article."""
        if before is None:
            return False
        return not any(before.end <= s.start < sentence.start for s in self._sentences)

    def _candidates(self, sentence: Span, pronoun: Span) -> tuple[Introduction, ...]:
        """The full names that a pronoun may stand for: of the nearest sentences, in order."""
        naming = self._language.naming
        word = normal(self._text[pronoun.start : pronoun.end])
        contracted = self._text[pronoun.end : pronoun.end + 1] in ("'", "’")
        if contracted or not (naming.subjects.get(word) or naming.possessives.get(word)):
            return ()
        mark = "’s" if word in naming.possessives and "’" in self._text else "'s"
        ending = mark if word in naming.possessives else ""
        found: dict[str, Introduction] = {}
        earlier = [each for each in self._sentences if each.start < sentence.start]
        for near in reversed(earlier[-PRONOUN_REACH:]):
            for name in self.within(near):
                person = self._person(name)
                if person is not None:
                    office = _office(person.title, self._language)
                    title = office if person.is_full else person.title
                    edit = Edit(
                        pronoun.start,
                        pronoun.end,
                        title + person.name + ending,
                        Reason.INTRODUCTION,
                    )
                    found.setdefault(person.name, Introduction(edit, sure=False))
        return tuple(found.values())[:MAX_CANDIDATES]

    def _person(self, name: Name) -> Name | None:
        """The first mention of the one person whom a name may be of; one who is never named in full
        has a title."""
        people = self.antecedents(name.surname)
        if name.is_full and self._is_person(name):
            same = [each for each in people if each.name == name.name]
            return same[0] if same else name
        if not people and " " not in name.name and name.title:
            return name
        return people[0] if len(people) == 1 and " " not in name.name else None

    def _is_person(self, name: Name) -> bool:
        """Whether a full name is one of a person: by its title, its given name, or because the
        article goes on with the surname alone, and never with an article or in lower case."""
        naming = self._language.naming
        words = [normal(word).rstrip(".") for word in name.name.split()]
        common = words[-1] in self._common or words[0] in self._common
        shouted = name.name.split()[0].isupper() and len(words[0]) > 2
        if naming.never_names.intersection(words) or shouted or self._has_article(name):
            return False
        if name.title or words[0] in naming.given_names:
            return words[-1] not in self._common
        alone = name.surname in self._alone and name.surname not in self._with_article
        return not common and alone

    def _has_article(self, name: Name) -> bool:
        before = self._text[max(0, name.start - 5) : name.start].split()
        return bool(before) and normal(before[-1]) in self._language.grammar.articles

    def _description(self, sentence: Span) -> Span | None:
        """`The company`, `the two men` or `that letter` as the subject, without words behind it
        that say which. What there is one of, such as `the public`, says it itself, and the first
        sentence of an article points to nothing before it."""
        naming, grammar = self._language.naming, self._language.grammar
        start = self._behind_opening(sentence)
        words = list(islice(WORD.finditer(self._text, start, sentence.end), 4))
        spelled = [normal(word.group()) for word in words]
        at = 2 if spelled[1:2] and spelled[1] in naming.qualifiers else 1
        if len(words) < at + 2:
            return None
        first, noun, after = spelled[0], spelled[at], spelled[at + 1]
        verbal = noun in grammar.verbs or noun in self._language.function_words
        plain = words[at].group().islower() and not verbal
        described = Span(words[0].start(), words[at].end())
        rules = self._language.editing
        timed = noun.partition("'")[0] in rules.periods | rules.day_parts
        told = after in self._language.editing.constituents  # `this plan to close the bridge`
        if first in naming.demonstratives and plain and not timed and not told:
            return described
        opens = not self._sentences or sentence.start <= self._sentences[0].start
        definite = first in naming.demonstratives or first in grammar.articles - naming.indefinite
        one_of_a_kind = noun in naming.unique_nouns or timed or opens
        if definite and plain and not one_of_a_kind and self._is_verb(after):
            return described
        return None

    def _pointed(self, sentence: Span, chosen: Sequence[Span]) -> Iterator[Span]:
        """`these dinners`, or `on that theory`, inside a sentence, where no sentence before has the
        noun."""
        naming, rules = self._language.naming, self._language.editing
        told = normal(" ".join(self._text[s.start : s.end] for s in chosen))
        words = list(WORD.finditer(self._text, sentence.start, sentence.end))
        for led, first, noun, after in zip(words, words[1:], words[2:], words[3:], strict=False):
            pointer, name = normal(first.group()), normal(noun.group())
            points = pointer in naming.demonstratives and (
                pointer != naming.conjunction or normal(led.group()) in rules.constituents
            )
            plain = noun.group().islower() and name not in self._language.function_words
            timed = name.partition("'")[0] in rules.periods | rules.day_parts
            told_which = normal(after.group()) in rules.constituents
            said = told + normal(self._text[sentence.start : first.start()])
            if points and plain and not timed and not told_which and name not in said:
                yield Span(first.start(), noun.end())

    def _times(self, sentence: Span) -> Iterator[Span]:
        """Times that count from another: `in September that year`, `the following day`."""
        rules, naming = self._language.editing, self._language.naming
        words = list(WORD.finditer(self._text, sentence.start, sentence.end))
        for first, last in pairwise(words):
            period = normal(last.group()) in rules.periods | rules.day_parts
            if period and normal(first.group()) in naming.counting_from:
                yield Span(first.start(), last.end())

    def _is_verb(self, word: str) -> bool:
        rules, grammar = self._language.editing, self._language.grammar
        known = word in rules.auxiliaries or word in grammar.verbs or word in rules.sayings
        return known or word.endswith(grammar.past_ending)

    def _is_introduced(self, described: Span, sentence: Span, chosen: Sequence[Span]) -> bool:
        """Whether a sentence before has the noun, or is the one before in the article."""
        noun = normal(self._text[described.start : described.end].split()[-1])
        has = any(noun in normal(self._text[s.start : s.end]) for s in chosen)
        return has or (bool(chosen) and self._follows(sentence, chosen[-1]))


def _is_run_on(text: str, span: Span) -> bool:
    """Whether a sentence is longer than people write: links of a page run together, where names
    that do not belong together meet."""
    return len(text[span.start : span.end].split()) > MAX_SENTENCE_WORDS


def names(text: str, language: Language = ENGLISH) -> Iterator[Name]:
    """The names of a text in order: runs of words with a capital, with the titles before them."""
    run: list[re.Match[str]] = []
    for match in _CAPITAL.finditer(text):
        if not _is_capital(match.group()) and not _is_particle(match, text, run, language):
            yield from _name(text, run, language)
            run = []
            continue
        if run and not _reads_on(text, run[-1], match, language):
            yield from _name(text, run, language)
            run = []
        run.append(match)
        if _POSSESSIVE.search(match.group()):
            yield from _name(text, run, language)
            run = []
    yield from _name(text, run, language)


def _is_capital(word: str) -> bool:
    return word[0].isupper()


def _is_particle(
    match: re.Match[str], text: str, run: Sequence[re.Match[str]], language: Language
) -> bool:
    """Whether a small word stands inside a name, as in `Ursula von der Leyen`."""
    after = text[match.end() : match.end() + 2]
    inside = bool(run) and (after[1:].isupper() or after[1:].islower()) and after[:1] == " "
    return inside and match.group() in language.naming.name_particles


def _reads_on(text: str, left: re.Match[str], right: re.Match[str], language: Language) -> bool:
    gap = text[left.end() : right.start()]
    short = normal(left.group()).rstrip(".") in language.naming.titles
    return gap == " " or (gap == ". " and (short or len(left.group()) == 1))


def _name(text: str, run: Sequence[re.Match[str]], language: Language) -> Iterator[Name]:
    """The name that a run of words holds, if any."""
    naming = language.naming
    words = [normal(_POSSESSIVE.sub("", match.group())).rstrip(".") for match in run]
    while words and words[-1] in naming.name_particles:
        words, run = words[:-1], run[:-1]
    titled = max((i for i, word in enumerate(words) if word in naming.titles), default=-1)
    first = titled + 1
    while first < len(words) and _is_no_name(words[first], language):
        first += 1
    if first >= len(words):
        return
    start = run[first].start()
    end = run[-1].end() - len(run[-1].group()) + len(_POSSESSIVE.sub("", run[-1].group()))
    title_start = start
    if titled >= 0:
        title_start = next(run[i].start() for i in range(titled + 1) if words[i] in naming.titles)
    title_start = _role_start(text, title_start, language)
    name = " ".join(text[start:end].split())
    if words[-1] in naming.suffixes and len(words) - first > 2:
        name = " ".join(name.split()[:-1])
        end = run[-2].end()
    yield Name(title_start, end, start, name, text[title_start:start])


def _is_no_name(word: str, language: Language) -> bool:
    rules = language.editing
    common = word in language.function_words or word in rules.constituents or word in rules.adverbs
    return common or word in language.naming.never_names


def _role_start(text: str, start: int, language: Language) -> int:
    """Where the office before a name begins: `city spokesman John Lee`, `former President Lee`.

    It is taken as a whole, up to a function word, a verb or a mark, or not at all.
    """
    head = _word_before(text, start)
    if head is None or normal(head.group(1)).rstrip(".") not in language.naming.titles:
        return _with_qualifier(text, start, language)
    at = head.start(1)
    for _ in range(MAX_ROLE_WORDS):
        word = _word_before(text, at)
        if word is None or _ends_role(word.group(1), language):
            return at
        at = word.start(1)
    return start


def _with_qualifier(text: str, start: int, language: Language) -> int:
    """A title with the word before it that qualifies it: nobody's `former` is lost."""
    word = _word_before(text, start)
    qualifies = word is not None and normal(word.group(1)) in language.editing.adjectives_stay
    return word.start(1) if word is not None and qualifies else start


def _word_before(text: str, start: int) -> re.Match[str] | None:
    """The word right before an offset, with no mark between; its place in group 1."""
    return _WORD_BEFORE.search(text, max(0, start - 30), start)


def _ends_role(word: str, language: Language) -> bool:
    spelled = normal(word)
    verb = spelled in language.grammar.verbs or spelled in language.editing.sayings
    past = word.islower() and spelled.endswith(language.grammar.past_ending)
    return spelled in language.function_words or verb or past


def _is_courtesy(title: str, language: Language) -> bool:
    words = [normal(word).rstrip(".") for word in title.split()]
    return bool(words) and all(word in language.naming.courtesies for word in words)


def _office(title: str, language: Language) -> str:
    """A title before a full name as it stands inside a sentence: an office stays, `Mr.` goes."""
    if _is_courtesy(title, language):
        return ""
    qualified = normal(title.partition(" ")[0]) in language.editing.adjectives_stay
    return title[0].lower() + title[1:] if qualified else title


def spelled_out(text: str) -> dict[str, str]:
    """Initials and the name for which the text gives them: `World Health Organization (WHO)`.

    The rule is that of Schwartz and Hearst 2003 for initials: letters are those of the words before
    the bracket, in order, the first that of the name's first word.
    """
    found: dict[str, str] = {}
    for match in _SPELLED_OUT.finditer(text):
        initials = match.group(1).replace(".", "").removesuffix("s")
        words = text[max(0, match.start() - 120) : match.start()].split()
        name = _name_of(initials, words)
        if name:
            found.setdefault(initials, name)
    return found


def _name_of(initials: str, words: Sequence[str]) -> str | None:
    letters = [char for char in initials.lower() if char.isalpha()]
    for length in range(len(letters), len(letters) + 3):
        name = words[-length:]
        capitals = [word[0].lower() for word in name if word[0].isupper()]
        if len(name) == length and name[0][0].isupper() and capitals == letters:
            return " ".join(name)
    return None
