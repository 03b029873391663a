"""What the shape of a pasted page gives away: menus, lists of other stories, where the body is.

Menus are runs of short lines without punctuation. On a whole page the body is the stretch whose
prose outweighs the lines between it (maximum subsequence segmentation: Pasternack and Roth 2009,
"Extracting article text from the web with maximum subsequence segmentation").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from models.analysis import Span
from models.text.boilerplate import Reason

_MIN_PROSE_WORDS = 5
_MAX_LABEL_WORDS = 4
_MAX_HEADLINE_WORDS = 20
_MAX_HEADLINE_CHARS = 160
_MAX_LAST_HEADLINE_WORDS = 12
_MIN_MENU_LINES = 5
_MIN_KNOWN_SHARE = 0.2
_MAX_LIST_LINES = 6

# What stands below articles; advertisements and captions stand inside them as well.
_CLOSING = frozenset(
    (
        Reason.RELATED,
        Reason.NEWSLETTER,
        Reason.SHARE,
        Reason.LICENCE,
        Reason.CREDIT,
        Reason.COOKIES,
        Reason.NAVIGATION,
    )
)

# A page is whole where this much surrounds its body.
_MIN_OUTER_LINES = 25
_MIN_OUTER_SHARE = 0.4
# What a line costs that is not prose, and one that is known boilerplate, in words of prose. Fitted
# on 80 whole pages, where half or twice as much changes little. Bodies of less than this share of
# the heaviest go.
_LINE_COST = 8
_KNOWN_COST = 2
_MIN_BODY_SHARE = 0.3
# The last words of an article may stand this many lines below the rest.
_MAX_GAP = 3
_MAX_TITLE_DISTANCE = 8

_ENDS_PROSE = re.compile(r"""[.!?…:;,。！？؟।]["'”’»)\] ]*\Z""")
_BULLET = re.compile(r"[-–—*•·▪●►]|\d{1,3}[.)]\s")


@dataclass(slots=True)
class Paragraph:
    """A paragraph of the page, its shape, and the reason why it goes unread, if it does.

    A headline is a line that ends without punctuation, as titles and menu items do; a label is a
    headline of a few words.
    """

    span: Span
    text: str
    reason: Reason | None = None
    words: int = field(init=False)
    is_prose: bool = field(init=False)
    is_headline: bool = field(init=False)
    is_label: bool = field(init=False)

    def __post_init__(self) -> None:
        self.words = len(self.text.split())
        ends = _ENDS_PROSE.search(self.text, max(0, len(self.text) - 4)) is not None
        self.is_prose = ends and self.words >= _MIN_PROSE_WORDS
        self.is_headline = (
            not ends
            and self.words <= _MAX_HEADLINE_WORDS
            and len(self.text) <= _MAX_HEADLINE_CHARS
            and not _BULLET.match(self.text)
        )
        self.is_label = self.is_headline and self.words <= _MAX_LABEL_WORDS

    @property
    def is_read(self) -> bool:
        return self.reason is None

    @property
    def carries(self) -> bool:
        """Whether it is prose that is read: what an article is made of."""
        return self.is_prose and self.reason is None


def first_prose(page: Sequence[Paragraph]) -> int:
    """Where the prose begins; the length of the page where there is none."""
    return next((index for index, part in enumerate(page) if part.carries), len(page))


def mark_menus(page: Sequence[Paragraph]) -> None:
    """Runs of labels that hold other boilerplate, or stand before all prose, are menus."""
    head = first_prose(page)
    head = 0 if head == len(page) else head
    for start, end in _runs([not part.is_read or part.is_label for part in page]):
        known = sum(not part.is_read for part in page[start:end])
        introduced = start > 0 and page[start - 1].text.endswith(":")
        is_menu = start < head or (known >= _MIN_KNOWN_SHARE * (end - start) and not introduced)
        if end - start >= _MIN_MENU_LINES and is_menu:
            for part in page[start:end]:
                part.reason = part.reason or Reason.NAVIGATION


def _runs(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The stretches of True."""
    start = None
    for index, flag in enumerate([*flags, False]):
        if flag and start is None:
            start = index
        elif not flag and start is not None:
            yield start, index
            start = None


def mark_lists(page: Sequence[Paragraph]) -> None:
    """Headlines of other stories: a few under "Related", and all below the end of the prose."""
    last_prose = max((index for index, part in enumerate(page) if part.carries), default=-1)
    left = 0
    for index, part in enumerate(page):
        if part.reason:
            if part.reason is Reason.RELATED and part.is_label:
                left = _MAX_LIST_LINES
            if index > last_prose and part.reason in _CLOSING:
                left = len(page)
        elif left and part.is_headline and not _is_cut_off(page, index):
            part.reason, left = Reason.RELATED, left - 1
        else:
            left = 0


def _is_cut_off(page: Sequence[Paragraph], index: int) -> bool:
    """Whether it may be prose whose end was lost: the last line, and long for a headline."""
    return index == len(page) - 1 and page[index].words > _MAX_LAST_HEADLINE_WORDS


def mark_outside(page: Sequence[Paragraph], keep_title: bool) -> None:
    """On a whole page, what stands outside its bodies of prose.

    `keep_title`: but not the headline above the first of them.
    """
    bodies = _bodies(page)
    inside = {index for start, end in bodies for index in range(start, end)}
    outside = [part for index, part in enumerate(page) if index not in inside]
    lines = sum(not part.is_prose for part in outside)
    known = sum(not part.is_read for part in outside)
    is_page = lines >= max(_MIN_OUTER_LINES, _MIN_OUTER_SHARE * len(page))
    if not is_page or known < _MIN_KNOWN_SHARE * lines:
        return
    title = _title_above(page, bodies[0][0]) if keep_title and bodies else None
    for part in outside:
        if part.is_read and part is not title:
            part.reason = Reason.NAVIGATION if part.is_label else Reason.RELATED


def _bodies(page: Sequence[Paragraph]) -> list[tuple[int, int]]:
    """The stretches whose prose outweighs the lines in it, but for the light ones.

    More than one is kept, for the heaviest may be a list of teasers or the readers' comments.
    """
    bodies: list[tuple[int, int, int]] = []  # start, end, weight
    start, weight, heaviest, end = 0, 0, 0, 0
    for index, part in enumerate(page):
        if weight <= 0:
            if heaviest:
                bodies.append((start, end, heaviest))
            start, weight, heaviest = index, 0, 0
        weight += _weight(part)
        if weight > heaviest:
            heaviest, end = weight, index + 1
    if heaviest:
        bodies.append((start, end, heaviest))
    least = _MIN_BODY_SHARE * max((weight for *_, weight in bodies), default=0)
    heavy: list[tuple[int, int]] = []
    for start, end, weight in bodies:
        if weight >= least and (not heavy or end > heavy[-1][1]):
            heavy.append(_stretched(page, start, end))
    return heavy


def _stretched(page: Sequence[Paragraph], start: int, end: int) -> tuple[int, int]:
    """The body with the short prose near it, if no headline of its own stands above that."""
    reach = 0
    for index in range(end, len(page)):
        part = page[index]
        if part.carries and not (page[index - 1].is_read and page[index - 1].is_headline):
            end, reach = index + 1, 0
        reach += part.is_read
        if reach > _MAX_GAP:
            break
    for index in range(start - 1, max(-1, start - 1 - _MAX_GAP), -1):
        if page[index].carries:
            start = index
    return start, end


def _weight(part: Paragraph) -> int:
    if part.carries:
        return part.words
    return -_LINE_COST if part.is_read else -_KNOWN_COST


def _title_above(page: Sequence[Paragraph], start: int) -> Paragraph | None:
    above = reversed(page[max(0, start - _MAX_TITLE_DISTANCE) : start])
    titles = (part for part in above if part.is_read and part.is_headline and not part.is_label)
    return next(titles, None)
