"""What may be left out of a sentence: whole constituents, found without a parser.

A constituent begins at a mark or at a word that opens one (`in`, `who`, `released`) and ends at a
mark, at the next such word, or before a verb. A trained scorer says which of them go; what it may
never choose (denials, hedges, conditions, sources, what a number counts and when it held) is marked
here. Deleting whole constituents of a sentence keeps its grammar (Filippova and Strube 2008,
W08-1105); the boundaries are those that chunkers use (Abney 1991).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from models.analysis import Span
from models.tasks.summary.edits import Edit, Reason
from models.tasks.summary.kept import is_number, may_go
from models.text.english import ENGLISH
from models.text.grammar import qualifies
from models.text.language import EditingRules, Language
from models.text.words import WORD, normal

MAX_DELETIONS = 80
MAX_WORDS = 200
"""Nothing is left out behind so many words and marks of one sentence."""
MAX_REACH = 3
"""A deletion ends at one of so many boundaries behind its start, at a near mark, or at the end."""
MIN_ENDING_CHARS = 5
"""Shorter words on the ending of an adverb or participle (`red`, `fly`) seldom are one."""
MIN_LEFT = 3
"""So many words are left of a sentence at least."""
MIN_CLAUSE = 3
"""A clause behind a relative pronoun has so many words at least, with it."""
MAX_PREMODIFIERS = 3
"""Words before a noun that may go together."""
SOURCE_WORDS = 9
"""What names a source between two marks has at most so many words."""

_MARKS = frozenset(',;:—–-()[]"“”')
_DASHES = frozenset("—–-")
_PAUSES = frozenset(",;:")
_PAIRS = {"(": ")", "[": "]", "“": "”", '"': '"'}


@dataclass(frozen=True, slots=True)
class Deletion(Span):
    """Characters that may be left out together: whole words, with the mark or space that goes with
    them. `may` is False where a rule keeps them whatever a model says."""

    reason: Reason
    may: bool

    @property
    def edit(self) -> Edit:
        return Edit(self.start, self.end, "", self.reason)


def deletions(text: str, span: Span, language: Language = ENGLISH) -> tuple[Deletion, ...]:
    """What may be left out of the sentence at `span`: at most `MAX_DELETIONS`, by their place, no
    two of the same characters, none the whole sentence. Time is bounded by `MAX_WORDS`."""
    sentence = _Sentence(text, span, language)
    found: dict[tuple[int, int], Deletion] = {}
    for _, first, last, reason in sorted(sentence.ranges(), key=lambda each: each[0]):
        whole = sentence.whole(first, last)
        if whole is not None and len(found) < MAX_DELETIONS:
            start, end = sentence.characters(*whole)
            may = sentence.may_go(*whole) and not sentence.breaks(*whole)
            found.setdefault((start, end), Deletion(start, end, reason, may))
    return tuple(found[key] for key in sorted(found))


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    normal: str
    lower: bool


class _Sentence:
    """The words and marks of a sentence, and where constituents begin and end among them."""

    def __init__(self, text: str, span: Span, language: Language) -> None:
        self._text, self._span, self._language = text, span, language
        found = (match for match in WORD.finditer(text, span.start, span.end))
        self.words = [
            _Word(m.start(), m.end(), normal(m.group()), m.group()[:1].islower()) for m in found
        ][:MAX_WORDS]
        self.normals = [word.normal for word in self.words]
        self._end = self._closing()
        self._openings = list(self._hanging())

    @property
    def _rules(self) -> EditingRules:
        return self._language.editing

    def _is_mark(self, at: int) -> bool:
        return self.normals[at] in _MARKS

    def _closing(self) -> int:
        """Where the closing stop and quotation marks begin."""
        end = len(self.words)
        while end and not self.normals[end - 1][0].isalnum() and self.normals[end - 1] not in "$%":
            end -= 1
        return end

    def may_go(self, first: int, last: int) -> bool:
        return may_go(self.normals, first, last, self._language)

    def breaks(self, first: int, last: int) -> bool:
        """Whether the sentence would read badly without a range.

        A participle loses its time (`a study released Tuesday.`), a denial the time that it is
        about (`will not sit on Monday`), two clauses are left with a comma or nothing between them
        (`…, so …`), different marks meet, or a word goes from a conjunction (`now that`).
        """
        after = self.normals[last : last + 1]
        timed = self._time_end(first) == last
        if last - first == 1 and not timed and any(word in self._rules.clauses for word in after):
            return True
        if self.normals[last - 1] in self._rules.clauses:
            return True
        if not first:
            return False
        return (timed and self._needs_time(first, last)) or self._splices(first, last)

    def _ends_clause(self, last: int) -> bool:
        return last == self._end or self._is_mark(last)

    def _needs_time(self, first: int, last: int) -> bool:
        """Whether what stands before a time is a denial, or a participle that it ends."""
        if any(qualifies(word, self._language) for word in self.normals[:first]):
            return True
        ends = self._ends_clause(last) and not self._is_mark(first - 1)
        return ends and self._is_participle(first - 1)

    def _splices(self, first: int, last: int) -> bool:
        """Whether two clauses, or two marks, meet where the range was."""
        joins, before = self._joins(first), self.normals[first - 1]
        if not self._is_mark(first - 1):  # `turned himself in and was released`
            return joins and last - first <= 2 and not self._ends_clause(last)
        if joins and last < self._end:
            return True
        if last - first == 1 and not self._ends_clause(last):
            return True
        return before in _DASHES and self.normals[last : last + 1] == [","]

    def ranges(self) -> Iterator[tuple[int, int, int, Reason]]:
        """Ranges of words (last not included) with their rank (less comes first) and reason."""
        for start, end in self._openings:
            yield 0, start, end, Reason.OPENING
        for first in range(self._end):
            if not self._is_mark(first):
                yield from self._single(first)
                yield from self._constituents(first)

    def _hanging(self) -> Iterator[tuple[int, int]]:
        """What hangs at the start: a dateline, then one or two openings such as `But`."""
        at = 0
        for pattern in (self._rules.datelines, self._rules.openings, self._rules.openings):
            if at < self._end:
                match = pattern.match(self._text, self.words[at].start, self._span.end)
                end = self._place(match.end()) if match else at
                if at < end < self._end:
                    yield at, end
                    at = end
                    while at < self._end and self._is_mark(at):
                        at += 1

    def _place(self, offset: int) -> int:
        """The first word that ends behind an offset."""
        return next((i for i, word in enumerate(self.words) if word.end > offset), self._end)

    def _single(self, at: int) -> Iterator[tuple[int, int, int, Reason]]:
        end = self._time_end(at)
        led = bool(at) and self.normals[at - 1] in self._rules.time_leads | self._rules.determiners
        if end is not None and not led and not self._holds_time(at - 1):
            yield 0, at, end, Reason.TIME
        if self._is_adverb(at):
            yield 1, at, at + 1, Reason.WORD
        for end in range(at + 1, min(at + MAX_PREMODIFIERS, self._end - 1) + 1):
            if self._is_premodifier(at, end):
                yield 3 + (end > at + 1), at, end, Reason.WORD

    def _holds_time(self, at: int) -> bool:
        """Whether a word is part of the time behind it: `at midday Thursday`."""
        rules = self._rules
        return at >= 0 and self.normals[at] in rules.periods | rules.day_parts | rules.days

    def _is_adverb(self, at: int) -> bool:
        word, rules = self.normals[at], self._rules
        if at and self.normals[at - 1] in rules.constituents:
            return False  # `for now`
        on_ending = word.endswith(rules.adverb_ending) and len(word) >= MIN_ENDING_CHARS
        return word in rules.adverbs or (
            on_ending and word not in rules.no_adverbs and self.words[at].lower
        )

    def _is_premodifier(self, first: int, last: int) -> bool:
        """Whether words may be adjectives that only shade the noun behind them."""
        before = self.normals[first - 1] if first else ""
        word, after = self.normals[first], self.normals[last]
        on_ending = word.endswith(self._rules.adjective_endings) and len(word) > MIN_ENDING_CHARS
        return (
            (before in self._language.function_words or before in self._rules.determiners
             or on_ending or "-" in word or is_number(before or ",", self._language))
            and self._shades(first)
            and self._shades(last - 1)
            and all(self._shades(at) or self._joins(at) for at in range(first + 1, last - 1))
            and after[0].isalpha()
            and after not in self._language.function_words
            and not (self._is_participle(last) or after in self._language.grammar.verbs)
            and not self._changes_article(before, word, after)
        )  # fmt: skip

    def _joins(self, at: int) -> bool:
        return self.normals[at] in self._rules.coordinators

    def _shades(self, at: int) -> bool:
        word = self.normals[at]
        return (
            self.words[at].lower
            and word not in self._language.function_words
            and word not in self._rules.adjectives_stay
            and word not in self._language.grammar.verbs
            and not is_number(word, self._language)
        )

    def _changes_article(self, before: str, word: str, after: str) -> bool:
        vowels = self._language.editing.vowels
        return (
            before in self._language.grammar.articles
            and len(before) <= 2
            and (word[0] in vowels) != (after[0] in vowels)
        )

    def _time_end(self, at: int) -> int | None:
        """Where the time that begins at a word ends, as `on late Monday` or `last week`."""
        rules, place = self._rules, at
        while place < self._end and (
            self.normals[place] in rules.time_leads or self.normals[place] in rules.determiners
        ):
            place += 1
        names = rules.days | rules.day_parts | rules.periods
        start = place
        while place < self._end and self.normals[place] in names:
            place += 1
        led = at < start and self.normals[at] in rules.time_leads
        dated = self.normals[start:place]
        return place if dated and (led or dated[0] in rules.days) else None

    @cached_property
    def _begins(self) -> list[bool]:
        """Whether a constituent may begin at each word."""
        after_opening = {end for _, end in self._openings}
        return [
            not self._is_mark(at)
            and (
                at == 0
                or at in after_opening
                or self._is_mark(at - 1)
                or word.normal in self._rules.constituents
                or word.normal in self._rules.coordinators
                or self._is_participle(at)
            )
            for at, word in enumerate(self.words)
        ]

    def _is_participle(self, at: int) -> bool:
        word = self.normals[at]
        on_ending = word.endswith(self._rules.participle_endings) and len(word) > MIN_ENDING_CHARS
        form = self.words[at].lower and (on_ending or word in self._rules.participles)
        before = self.normals[at - 1] if at else ""
        grammar = self._language.grammar
        return form and not (
            before in grammar.relative
            or before in self._language.naming.subjects
            or before in self._rules.auxiliaries
        )

    def _fronted(self, first: int) -> bool:
        """Whether a word is the first, or the first behind what hangs."""
        return first == 0 or any(
            start <= first - 1 <= end and all(map(self._is_mark, range(end, first)))
            for start, end in self._openings
        )

    @cached_property
    def _time_ends(self) -> frozenset[int]:
        ends = (self._time_end(at) for at in range(self._end))
        return frozenset(end for end in ends if end is not None)

    def _ends(self, at: int, fronted: bool) -> bool:
        """Whether a constituent may end before a word or mark."""
        word = self.words[at]
        if self._begins[at] or self._is_mark(at) or at in self._time_ends:
            return True
        if fronted and self.normals[at - 1] in self._rules.coordinators:
            return at > 1 and self._is_mark(at - 2)
        verb = word.lower and word.normal in self._language.grammar.verbs
        return verb or (fronted and self._opens_subject(at))

    def _opens_subject(self, at: int) -> bool:
        word = self.normals[at]
        naming = self._language.naming
        return (
            word in self._rules.determiners
            or word in naming.subjects
            or (at > 1 and not self.words[at].lower and self.words[at - 1].lower)
        )

    def _constituents(self, first: int) -> Iterator[tuple[int, int, int, Reason]]:
        if not self._begins[first]:
            return
        fronted = self._fronted(first)
        reach, marks = 0, 0
        for last in range(first + 1, self._end + 1):
            at_end = last == self._end
            mark = not at_end and self._is_mark(last)
            if not at_end and not self._ends(last, fronted):
                continue
            reach += 1
            marks += mark
            near = reach <= MAX_REACH or (mark and marks <= 2) or at_end
            if near and self._is_constituent(first, last):
                rank = 1 if reach == 1 else 2 if mark and marks == 1 else 3
                yield rank, first, last, self._reason(first, last, fronted)

    def _is_constituent(self, first: int, last: int) -> bool:
        """Whether a range may be one: a clause has a verb, and nothing else has a finite one."""
        if self._is_mark(last - 1) and self._pair_of[last - 1] < first:
            return False
        rules, grammar, word = self._rules, self._language.grammar, self.normals[first]
        span = self.normals[first:last]
        if last - first == 1 and word in rules.constituents and word not in rules.adverbs:
            return False
        clauses = sum(
            each in rules.clauses or each in grammar.relative or each in grammar.subordinate
            for each in span
        )
        finite = sum(map(self._is_finite, range(first, last)))
        if word in rules.coordinators or span[-1] in rules.coordinators:
            clauses += 1
        if (word in grammar.relative or word in rules.clauses) and last - first < MIN_CLAUSE:
            return False
        return finite <= clauses + (last == self._end or self._fronted(first))

    def _is_finite(self, at: int) -> bool:
        word = self.normals[at]
        return self.words[at].lower and (
            word in self._rules.auxiliaries or word in self._rules.sayings
        )

    def whole(self, first: int, last: int) -> tuple[int, int] | None:
        """A range with the brackets and quotation marks that belong to it; None where it would
        leave one of a pair behind, or nothing of the sentence."""
        for _ in range(2 * self._has_pairs):
            open_left, open_right = self._unpaired(first, last)
            around = first and last < self._end and self._pair_of[first - 1] == last
            if (open_right or around) and first and self._pair_of[first - 1] >= first:
                first -= 1
            if (open_left or around) and last < self._end and first <= self._pair_of[last] < last:
                last += 1
        left = [*self.normals[:first], *self.normals[last : self._end]]
        enough = sum(word[0].isalnum() for word in left) >= MIN_LEFT
        return (first, last) if enough and not any(self._unpaired(first, last)) else None

    def _unpaired(self, first: int, last: int) -> tuple[bool, bool]:
        """Whether a mark of the range pairs with one behind it, and with one before it."""
        if not self._has_pairs:
            return False, False
        pairs = [self._pair_of[at] for at in range(first, last)]
        return any(pair >= last for pair in pairs), any(0 <= pair < first for pair in pairs)

    @cached_property
    def _has_pairs(self) -> bool:
        return any(pair >= 0 for pair in self._pair_of)

    @cached_property
    def _pair_of(self) -> list[int]:
        """For each bracket and quotation mark the place of the one that it pairs with, else −1."""
        pairs, waiting = [-1] * len(self.words), list[int]()
        for at, mark in enumerate(self.normals):
            if waiting and _PAIRS.get(self.normals[waiting[-1]]) == mark:
                pairs[at] = waiting.pop()
                pairs[pairs[at]] = at
            elif mark in _PAIRS:
                waiting.append(at)
        return pairs

    def _reason(self, first: int, last: int, fronted: bool) -> Reason:
        if fronted:
            return Reason.OPENING
        if last == self._end:
            return Reason.ENDING
        marked = self._is_mark(first - 1) and self._is_mark(last)
        return Reason.ASIDE if marked else Reason.PHRASE

    def characters(self, first: int, last: int) -> tuple[int, int]:
        """The characters of a range, with the marks and spaces that have to go with it."""
        before = self.normals[first - 1] if first else ""
        after = self.normals[last] if last < self._end else ""
        if before and before in _DASHES and first > 1:
            both = bool(after) and after in _DASHES
            end = self.words[last if both else last - 1].end
            return self.words[first - 2].end, end
        if before and before in _PAUSES:
            return self._after_pause(first, last, after)
        start, end = self.words[first].start, self.words[last - 1].end
        if after and not self._is_mark(last):
            return start, self.words[last].start
        if self._fronted(first) and after and last + 1 < len(self.words):
            return start, self.words[last + 1].start
        if first and (after not in _PAIRS.values() or not self._is_mark(first - 1)):
            gap = self._text[self.words[first - 1].end : start].isspace()
            return self.words[first - 1].end if gap else start, end
        return start, end

    def _after_pause(self, first: int, last: int, after: str) -> tuple[int, int]:
        start, end = self.words[first - 1].start, self.words[last - 1].end
        if not after:
            return start, end
        if not self._is_mark(last):
            return self.words[first].start, self.words[last].start
        if after == "," and not self._keeps_comma(first, last):
            return start, self.words[last].end
        return start, end

    def _keeps_comma(self, first: int, last: int) -> bool:
        """Whether the comma behind an aside is needed without it: before a source, in a list, or
        after a clause in front."""
        after = self.normals[last + 1 : last + 2]
        if any(word in self._rules.coordinators for word in after):
            return True
        if any(word in self._rules.sayings for word in after):
            return False  # its subject is before the aside
        stop = next((i for i in range(last + 1, self._end) if self._is_mark(i)), self._end)
        if self.normals[stop - 1] in self._rules.sayings:
            return True
        rest = self.normals[last + 1 : self._end]
        if len(rest) <= SOURCE_WORDS and any(word in self._rules.sayings for word in rest):
            return True
        front = self._openings[-1][1] if self._openings else 0
        opener = self.normals[front] if front < self._end else ""
        first_comma = "," not in self.normals[front : first - 1]
        return first_comma and (
            opener in self._language.grammar.subordinate or opener in self._rules.constituents
        )
