"""Copies of labelled texts in which names are swapped, so that no label hangs on a name.

Each name has one partner, and takes its place in the text, the title, the summary and the targets.
The labels stay (counterfactual data augmentation, Lu et al. 2018, 1807.11714). Names are left alone
in a text that has them in a form without a partner. So no swap is half done, and swapping twice
gives the text as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

from models.analysis import Span
from training.data.labelled import Edited, Labelled, digest

Pairs = tuple[tuple[str, str], ...]
SpanT = TypeVar("SpanT", bound=Span)
SWAPPED = "\0"
"""What stands for a swapped word while the rest of a text is looked at."""


@dataclass(frozen=True)
class Swapping:
    """Words that are swapped together, with their partners.

    `kept` is a regular expression, for any case, of what would no longer fit beside them. It is
    searched in what is left without the words, so it finds the same before and after a swap.
    """

    pairs: Pairs
    kept: str

    @cached_property
    def partners(self) -> Mapping[str, str]:
        return dict(self.pairs) | {other: one for one, other in self.pairs}

    @cached_property
    def words(self) -> re.Pattern[str]:
        """The words, longer ones first, and no part of another word."""
        words = sorted(self.partners, key=len, reverse=True)
        return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)")

    @cached_property
    def unfit(self) -> re.Pattern[str]:
        return re.compile(self.kept, re.IGNORECASE)

    def applies(self, each: Labelled) -> bool:
        """Whether a text has such words, and nothing beside them that would no longer fit."""
        left, count = self.words.subn(SWAPPED, "\n".join(_parts(each)))
        spans = [*each.edited, *(span for spans in each.evidence.values() for span in spans)]
        return count > 0 and not self.unfit.search(left) and not self._cuts(each.text, spans)

    def _cuts(self, text: str, spans: list[Span]) -> bool:
        """Whether a span begins or ends within one of the words."""
        ends = {end for span in spans for end in (span.start, span.end)}
        found = self.words.finditer(text) if ends else ()
        return any(word.start() < end < word.end() for word in found for end in ends)

    def applied(self, each: Labelled) -> Labelled:
        """The text with the words swapped, wherever they stand."""
        return replace(
            each,
            text=self._swapped(each.text),
            title=each.title and self._swapped(each.title),
            summary=each.summary and self._swapped(each.summary),
            stances={t and self._swapped(t): label for t, label in each.stances.items()},
            either={t and self._swapped(t): labels for t, labels in each.either.items()},
            kinds={self._swapped(target): kind for target, kind in each.kinds.items()},
            groups={self._swapped(target): group for target, group in each.groups.items()},
            evidence={
                self._swapped(target): tuple(self._moved(each.text, span) for span in spans)
                for target, spans in each.evidence.items()
            },
            edited=tuple(self._edited(each.text, one) for one in each.edited),
        )

    def _swapped(self, text: str) -> str:
        return self.words.sub(lambda word: self.partners[word[0]], text)

    def _edited(self, text: str, one: Edited) -> Edited:
        return replace(self._moved(text, one), text=self._swapped(one.text))

    def _moved(self, text: str, span: SpanT) -> SpanT:
        """A span of a text, where it stands in the swapped one."""
        return replace(span, start=self._place(text, span.start), end=self._place(text, span.end))

    def _place(self, text: str, place: int) -> int:
        before = (word[0] for word in self.words.finditer(text) if word.end() <= place)
        return place + sum(len(self.partners[word]) - len(word) for word in before)


def with_names_swapped(each: Labelled, share: float = 1.0) -> Labelled:
    """A text with its names swapped, if it is among the share that is, drawn by its digest."""
    if int(digest(each.text)[:6], 16) >= share * 16**6:
        return each
    for swapping in SWAPPINGS:
        if swapping.applies(each):
            each = swapping.applied(each)
    return each


def _parts(each: Labelled) -> Iterator[str]:
    """All that is swapped."""
    targets = (*each.stances, *each.either, *each.kinds, *each.groups, *each.evidence)
    edited = (one.text for one in each.edited)
    yield from filter(None, (each.text, each.title, each.summary, *targets, *edited))


def _nations(*pairs: tuple[str, str]) -> Swapping:
    """Two nations, their adjectives and their people. `New Mexico` and `Mexico City` are none."""
    words = "|".join(word for pair in pairs for word in pair)
    articled = tuple(pair for article in "aA" for pair in _with_article(article, pairs))
    wrong_article = rf"|\ban? {SWAPPED}" if articled else ""
    return Swapping(pairs + articled, rf"\b(?:{words})|{PLACES}{wrong_article}")


def _with_article(article: str, pairs: Pairs) -> Iterator[tuple[str, str]]:
    """Pairs of which one word has "a" before it and the other "an"."""
    for pair in pairs:
        one, other = (word[0] in VOWELS for word in pair)
        if one != other:
            yield f"{article}{'n' * one} {pair[0]}", f"{article}{'n' * other} {pair[1]}"


def _before(one: str, other: str, followers: tuple[str, ...]) -> Pairs:
    """Two words where a word follows that tells what they are: `Republican` is an adjective before
    a noun, `Democratic` there, and a member before a verb, `Democrat` there."""
    return tuple((one + follower, other + follower) for follower in followers)


VOWELS = "AEIOU"
PLACES = (
    rf"\b(?:new|old|gulf of|north|south|east|west|northern|southern|eastern|western) {SWAPPED}"
    rf"|{SWAPPED} (?:city|sea|ocean|shepherd|roulette)\b"
)
PARTY_NOUNS = (
    " Party", " National", " Congressional", " President", " Senate", " Gov", " Rep", " Sen",
    " MP", " MPs", " caucus", " candidate", " candidates", " challenger", " congressman",
    " congresswoman", " convention", " council", " councillor", " councillors", " debate",
    " donor", " donors", " establishment", " field", " governor", " governors", " government",
    " incumbent", " lawmaker", " lawmakers", " leader", " leaders", " leadership",
    " legislator", " legislators", " majority", " mayor", " member", " members", " minister",
    " minority", " nomination", " nominee", " officials", " opponent", " opponents", " party",
    " peer", " peers", " politicians", " president", " presidential", " primaries", " primary",
    " representative", " representatives", " senator", " senators", " side", " spokesman",
    " spokeswoman", " state", " strategist", " strategists", " strongholds", " supporters",
    " voter", " voters", "-backed", "-controlled", "-held", "-leaning", "-led", "-run",
)  # fmt: skip
AFTER_MEMBER = (
    " from", " has", " in", " is", " of", " on", " said", " to", " was", " who", " whose",
)  # fmt: skip
SWAPPINGS = (
    Swapping(
        (("Republicans", "Democrats"), *_before("Republican", "Democratic", PARTY_NOUNS),
         *_before("Republican", "Democrat", AFTER_MEMBER)),
        rf"republican|democrat|\bgop\b|\b(?:liberal|social|christian) {SWAPPED}",
    ),
    Swapping(
        _before("Labour", "Conservative", PARTY_NOUNS),
        r"labour|conservative|\btor(?:y|ies)\b",
    ),
    _nations(("Germany", "Russia"), ("German", "Russian"), ("Germans", "Russians")),
    _nations(("China", "Japan"), ("Chinese", "Japanese")),
    _nations(("Mexico", "Canada"), ("Mexican", "Canadian"), ("Mexicans", "Canadians")),
    _nations(("Norway", "Iran"), ("Norwegian", "Iranian"), ("Norwegians", "Iranians")),
    _nations(("India", "Brazil"), ("Indian", "Brazilian"), ("Indians", "Brazilians")),
    _nations(("Kenya", "Australia"), ("Kenyan", "Australian"), ("Kenyans", "Australians")),
    _nations(("Syria", "Italy"), ("Syrian", "Italian"), ("Syrians", "Italians")),
    Swapping(
        (("Muslim", "Christian"), ("Muslims", "Christians"), ("mosque", "church"),
         ("mosques", "churches"), ("Mosque", "Church"), ("Mosques", "Churches")),
        r"muslim|islam|mosque|imam|quran|koran|allah|sharia|ramadan|hijab|mecca"
        r"|christ|church|pastor|priest|bishop|pope|vatican|bible|gospel|catholic|protestant"
        rf"|evangelical|cathedral|easter\b|jesus|(?-i:{SWAPPED} [A-Z])",
    ),
    Swapping(
        (("Jewish", "Hindu"), ("Jews", "Hindus"), ("synagogue", "temple"),
         ("synagogues", "temples"), ("Synagogue", "Temple"), ("Synagogues", "Temples")),
        r"\bjew(?!el)|hindu|synagogue|temple|rabbi|priest|torah|hebrew|israel|palestin|holocaust"
        rf"|semit|zion|kosher|nazi|shabbat|diwali|(?-i:{SWAPPED} [A-Z])",
    ),
    Swapping(
        (("Michael", "Omar"), ("David", "Rahul"), ("Robert", "Kofi"), ("John", "Ahmed"),
         ("Peter", "Hiroshi"), ("Sarah", "Aisha"), ("Emma", "Priya"), ("Mary", "Fatima"),
         ("Helen", "Ama"), ("Susan", "Mei")),
        rf"\b(?:st|st\.|saint|king|queen|pope|prince|princess|virgin) {SWAPPED}",
    ),
)  # fmt: skip
"""What is swapped. A given name has a partner of the same gender, so pronouns stay."""
