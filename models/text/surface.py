"""What a text looks like, whatever it says: how long its sentences and lines are, and how much of
it are digits, marks and capitals. Lists, code and verse look unlike news."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from models.analysis import Span
from models.text.english import ENGLISH
from models.text.language import Language

FEATURES = 11
CHARS = 900
"""So much of a text is looked at."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_END = re.compile(r"[.!?][\"'”’)]*\s")
_ENDS_LINE = ".!?\"'”’"
_LINES = 3
"""A text of fewer lines is no list."""


def shown(text: str, read: Sequence[Span]) -> str:
    """The beginning of what was read of a text, each piece on the line where it stands."""
    pieces: list[str] = []
    before = length = 0
    for span in read:
        gap = text[before : span.start] if pieces else ""
        pieces += ["\n" if "\n" in gap else " ", text[span.start : span.end]]
        before, length = span.end, length + span.end - span.start
        if length >= CHARS:
            break
    return "".join(pieces[1:])[:CHARS]


def surface(text: str, language: Language = ENGLISH) -> list[float]:
    """The features of a text, `FEATURES` of them, each about between 0 and 6."""
    spelled = _WORD.findall(text)
    words = [word.lower().replace("’", "'") for word in spelled]
    count, chars = max(1, len(words)), max(1, len(text))
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    sentences = sum(bool(each.strip()) for each in _END.split(text))
    marks = sum(not char.isalnum() and not char.isspace() for char in text)
    open_lines = sum(line[-1] not in _ENDS_LINE for line in lines)
    persons = language.form.first_person | language.form.reader
    return [
        math.log(1 + count / max(1, sentences)),
        sum(word in language.function_words for word in words) / count,
        sum(char.isdigit() for char in text) / chars,
        marks / chars,
        sum(word[0].isupper() for word in spelled) / count,
        open_lines / len(lines) if len(lines) >= _LINES else 0.0,
        math.log(1 + count / max(1, len(lines))),
        sum(word in persons for word in words) / count,
        len(set(words)) / count**0.7,
        sum(map(len, words)) / count,
        sum(word.endswith(language.grammar.past_ending) for word in words) / count,
    ]
