"""The texts of all files that are checked, each looked at once. None is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.text.detection import LanguageDetector
from models.text.english import ENGLISH
from training.data.duplicates import NearTexts, fingerprint, words
from training.data.names import shown
from training.data.places import Place
from training.data.report import Findings, Level, Seen
from training.data.roles import Role
from training.data.uses import Answers

MAX_WORDS = 4096
"""A model reads at most 4096 tokens of a text, in eight windows; a word is a token or more."""


@dataclass(slots=True)
class Text:
    """A text that was met: where first in each of its roles. `state` is the number of the states
    that a model has for it."""

    key: bytes
    roles: dict[Role, Place]
    state: int | None = None


@dataclass(slots=True)
class _Answer:
    """What a row answered to a question about its text."""

    place: Place
    labels: tuple[str, ...]


@dataclass
class Texts:
    """Finds what is wrong with texts, and with texts that are there more than once."""

    findings: Findings
    _texts: dict[bytes, Text] = field(default_factory=dict)
    _answers: dict[tuple[bytes, str, str | None], _Answer] = field(default_factory=dict)
    _near: NearTexts = field(default_factory=NearTexts)
    _numbered: list[Text] = field(default_factory=list)
    _detector: LanguageDetector = field(default_factory=LanguageDetector)

    def add(self, text: str, place: Place, role: Role) -> Text:
        """The text of a row. It is looked at where it is met first."""
        found = words(text)
        key = fingerprint(found)
        known = self._texts.get(key)
        if known is None:
            self._texts[key] = known = Text(key, {role: place})
            self._look(text, found, place)
            self._look_for_near(found, known, place, role)
        elif role not in known.roles:
            (other_role, other), *_ = known.roles.items()
            self._leak("the same text", place, role, other, other_role)
            known.roles[role] = place
        return known

    def answered(self, text: Text, answers: Answers, place: Place) -> None:
        """Looks for an earlier row with the same questions about a text: this one says nothing new,
        or something else."""
        told = []
        for column, target, labels in answers or [("text", None, ("",))]:
            fresh = _Answer(place, labels)
            before = self._answers.setdefault((text.key, column, target), fresh)
            if before is fresh or before.place == place:
                continue
            if not set(before.labels) & set(labels):
                what = f"the same text as another row, with another {column}; keep the right one"
                note = f"{shown(labels[0])}, and {shown(before.labels[0])}"
                seen = Seen(place, f"{note} as {beside(place, before.place)}")
                self.findings.row(Level.WARNING, "two-labels", what, seen, f"{column} {target}")
            elif before.place.path == place.path:
                told.append(before.place)
        if told and len(told) == max(len(answers), 1):
            what = "the same text and label as another row; keep one of them"
            seen = Seen(place, f"as {beside(place, told[0])}")
            self.findings.row(Level.WARNING, "duplicate", what, seen)

    def _look(self, text: str, found: Sequence[str], place: Place) -> None:
        if len(found) > MAX_WORDS:
            what = f"more than {MAX_WORDS:,} words, and what is behind them is not read"
            self.findings.row(Level.WARNING, "over-long", what, Seen(place))
        language = self._detector.detect(text)
        if language is not None and language[0] != ENGLISH.code:
            what = "not English, which is all that models know; leave it out by 'where'"
            self.findings.row(Level.WARNING, "language", what, Seen(place, language[0]))

    def _look_for_near(self, found: Sequence[str], text: Text, place: Place, role: Role) -> None:
        """Looks for texts that are nearly the same. Of many in one role the first stands for all.

        Two files may well have a text in common, each with other labels; not in two roles.
        """
        sketch = self._near.sketch(found)
        if sketch is None:
            return
        is_first = True
        for number, share in self._near.near(sketch):
            (other_role, other), *_ = self._numbered[number].roles.items()
            if other_role is not role:
                self._leak(f"nearly the same text ({share:.0%})", place, role, other, other_role)
                continue
            if is_first and other.path == place.path:
                what = "nearly the same text as another; keep one of them"
                seen = Seen(place, f"{share:.0%} as {beside(place, other)}")
                self.findings.row(Level.WARNING, "near-duplicate", what, seen)
            is_first = False
        if is_first:
            self._near.add(len(self._numbered), sketch)
            self._numbered.append(text)

    def _leak(self, how: str, place: Place, role: Role, other: Place, other_role: Role) -> None:
        """Keeps that a text is in two roles, so that figures are measured on what was learned."""
        what = "the same text, or nearly, is in two roles; remove it from one, or both"
        note = f"{how} to {role}, and to {other_role} as {beside(place, other)}"
        self.findings.row(Level.WARNING, "leak", what, Seen(place, note))


def beside(place: Place, other: Place) -> str:
    """How a row is named beside another."""
    return f"{other.unit} {other.line}" if other.path == place.path else str(other)
