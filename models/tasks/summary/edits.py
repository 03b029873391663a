"""What is deleted from a sentence and put into it, and the sentence that comes of it.

An edit replaces characters of the text as it was sent. After the edits of an editor come those of
form, which are edits too: the spaces, the capital and the marks where something was cut. So who has
the text and all edits of a sentence can make the printed sentence from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.analysis import Span
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.words import WORD, normal

_STOPS = frozenset(".!?…")
_PAUSES = frozenset(",;:–—")
_TIGHT = frozenset(".,;:!?)]")
"""Marks that stand against the word before them."""
_QUOTES = frozenset('"”')
_OPENING = frozenset("([“")
_CLOSES = {")": "(", "]": "[", "”": "“", '"': '"'}

_Line = list[tuple[str, int]]
"""The characters that are seen, and the number of the cell that each comes from."""


class Reason(StrEnum):
    """Why something was edited: the first eight by an editor, the rest by form."""

    OPENING = "opening"
    """Words before the sentence proper, as `But`, or a phrase in front."""
    ASIDE = "aside"
    """What stands between commas, dashes or brackets."""
    ENDING = "ending"
    """A constituent at the end."""
    PHRASE = "phrase"
    """A constituent inside."""
    TIME = "time"
    """When it was, as `on Monday`."""
    WORD = "word"
    """A single word."""
    INTRODUCTION = "introduction"
    """Who or what is meant, where the sentence has only a surname, a pronoun or initials."""
    MENDING = "mending"
    """A space between two words that the text has glued."""
    SPACE = "space"
    CASE = "case"
    MARK = "mark"


@dataclass(frozen=True, slots=True)
class Edit(Span):
    """`text` stands instead of the characters of the span: "" deletes them, and an empty span
    inserts."""

    text: str
    reason: Reason


def apply(text: str, span: Span, edits: Sequence[Edit], language: Language = ENGLISH) -> str:
    """The sentence at `span` as it is printed after the edits: of one line, with its capital and
    its stop where it had them. Without edits it is the source with single spaces.

    Raises ValueError where the edits are not sorted, disjoint and inside the span.
    """
    return spliced(text, span, finished(text, span, edits, language))


def spliced(text: str, span: Span, edits: Sequence[Edit]) -> str:
    """The characters of the span with the edits, and nothing else done. Raises as `apply`."""
    _check(span, edits)
    parts, at = [], span.start
    for edit in edits:
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at : span.end]])


def finished(
    text: str, span: Span, edits: Sequence[Edit], language: Language = ENGLISH
) -> tuple[Edit, ...]:
    """The edits, and those of form that they and the white space of the source ask for: sorted,
    disjoint, inside the span. `spliced` makes the printed sentence of them. Raises as `apply`.
    """
    _check(span, edits)
    cells = list(_cells(text, span, edits))
    line = _spaced([(char, k) for k, cell in enumerate(cells) for char in cell.text])
    if edits:
        line = _stopped(_joined(line, cells), cells)
        line = _capitalised(_lowered(line, cells, language), cells)
    return tuple(_merged(_changes(line, cells)))


def _check(span: Span, edits: Sequence[Edit]) -> None:
    at, inserted = span.start, False
    for edit in edits:
        again = inserted and edit.start == edit.end == at
        if not at <= edit.start <= edit.end <= span.end or again:
            raise ValueError("edits must be sorted, disjoint and inside the sentence")
        at, inserted = edit.end, edit.start == edit.end


@dataclass(frozen=True, slots=True)
class _Cell:
    """A character of the source, or an edit (`reason` is not None), and what stands there."""

    start: int
    end: int
    text: str
    reason: Reason | None = None


def _cells(text: str, span: Span, edits: Sequence[Edit]) -> Iterator[_Cell]:
    at = span.start
    for edit in edits:
        yield from (_Cell(i, i + 1, text[i]) for i in range(at, edit.start))
        yield _Cell(edit.start, edit.end, edit.text, edit.reason)
        at = edit.end
    yield from (_Cell(i, i + 1, text[i]) for i in range(at, span.end))


def _edited(cells: Sequence[_Cell], first: int, last: int) -> bool:
    """Whether one of the cells `first` to `last` (included) is an edit."""
    return any(cell.reason is not None for cell in cells[first : last + 1])


def _first_edited(cells: Sequence[_Cell], first: int, last: int) -> int:
    return next(k for k in range(first, last + 1) if cells[k].reason is not None)


def _spaced(line: _Line) -> _Line:
    """One space between words and none at the ends."""
    spaced: _Line = []
    for char, cell in line:
        if not char.isspace():
            spaced.append((char, cell))
        elif spaced and spaced[-1][0] != " ":
            spaced.append((" ", cell))
    return spaced[:-1] if spaced and spaced[-1][0] == " " else spaced


def _joined(line: _Line, cells: Sequence[_Cell]) -> _Line:
    """Both sides of an edit fit: no two marks, no mark in front, no space before one, no empty
    brackets or quotation marks, and a space between words."""
    joined: _Line = []
    for char, cell in line:
        if char == " " or not _edited(cells, joined[-1][1] if joined else 0, cell):
            joined.append((char, cell))
        elif char.isalnum():
            if joined and joined[-1][0].isalnum() and joined[-1][1] != cell:
                joined.append((" ", _first_edited(cells, joined[-1][1], cell)))
            joined.append((char, cell))
        else:
            joined = _with_mark(joined, char, cell)
    return _spaced(joined)


def _with_mark(line: _Line, mark: str, cell: int) -> _Line:
    """The line with a mark that stands behind an edit, where the mark still has a place."""
    before = line[:-1] if line and line[-1][0] == " " else line
    last = before[-1][0] if before else ""
    if mark in _CLOSES and last == _CLOSES[mark] and (mark != '"' or _is_quoting(before)):
        return before[:-1]
    pauses = mark in _PAUSES or mark in _STOPS
    if pauses and (not last or last in _OPENING or (last == '"' and _is_quoting(before))):
        return line
    if pauses or mark in _TIGHT:
        while before and before[-1][0] in _PAUSES:
            before = before[:-1]
        line = before if mark in _TIGHT or last not in _PAUSES else [*before, (" ", line[-1][1])]
        if mark == "." and last == ".":
            return line
    return [*line, (mark, cell)]


def _is_quoting(line: _Line) -> bool:
    """Whether a straight quotation mark at the end of the line opens a quotation."""
    return sum(char == '"' for char, _ in line) % 2 == 1


def _stopped(line: _Line, cells: Sequence[_Cell]) -> _Line:
    """A stop where the end was cut: inside the quotation mark that closes there."""
    if not line or not _edited(cells, line[-1][1], len(cells) - 1):
        return line
    quote: _Line = []
    while line and (line[-1][0] in _PAUSES or line[-1][0] == " " or line[-1][0] in _QUOTES):
        quote = [line[-1], *quote] if line[-1][0] in _QUOTES else quote
        line = line[:-1]
    if not line or line[-1][0] in _STOPS:
        return line + quote
    return [*line, (".", min(line[-1][1] + 1, len(cells) - 1)), *quote]


def _capitalised(line: _Line, cells: Sequence[_Cell]) -> _Line:
    """The first word has its capital, where an edit made it the first; but not one as `iPhone`."""
    first = next((i for i, (char, _) in enumerate(line) if char.isalnum()), None)
    if first is None or not _edited(cells, 0, line[first][1]):
        return line
    char, cell = line[first]
    if any(after.isupper() for after, _ in line[first + 1 : first + 2]):
        return line
    return [*line[:first], (char.title(), cell), *line[first + 1 :]]


def _lowered(line: _Line, cells: Sequence[_Cell], language: Language) -> _Line:
    """A function word loses the capital that it had as the first, where something is put before."""
    opener = cells[line[0][1]] if line else None
    if opener is None or opener.reason is None or opener.start != opener.end:
        return line
    after = next((i for i, (_, cell) in enumerate(line) if cell > line[0][1]), len(line))
    seen = "".join(char for char, _ in line)
    word = WORD.search(seen, after)
    if word is None or not _loses_capital(word.group(), language):
        return line
    at = word.start()
    return [*line[:at], (seen[at].lower(), line[at][1]), *line[at + 1 :]]


def _loses_capital(word: str, language: Language) -> bool:
    spelled = normal(word)
    return spelled in language.function_words and spelled not in language.form.first_person


def _changes(line: _Line, cells: Sequence[_Cell]) -> Iterator[Edit]:
    texts = [""] * len(cells)
    for char, cell in line:
        texts[cell] += char
    for here, now in zip(cells, texts, strict=True):
        if here.reason is not None:
            yield Edit(here.start, here.end, now, here.reason)
        elif now != here.text:
            yield Edit(here.start, here.end, now, _form(here.text, now))


def _form(before: str, after: str) -> Reason:
    if before.isspace() and not after.strip():
        return Reason.SPACE
    return Reason.CASE if before.casefold() == after.casefold() else Reason.MARK


def _merged(edits: Iterator[Edit]) -> Iterator[Edit]:
    """The edits, those of white space that touch as one."""
    held: Edit | None = None
    for edit in edits:
        if (
            held is not None
            and held.end == edit.start
            and held.reason == edit.reason == Reason.SPACE
        ):
            held = Edit(held.start, edit.end, held.text + edit.text, Reason.SPACE)
            continue
        if held is not None:
            yield held
        held = edit
    if held is not None:
        yield held
