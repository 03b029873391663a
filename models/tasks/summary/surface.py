"""From a draft to a sentence as it is printed: case, spaces and marks, and whether it reads well.

The vocabulary is lower-case; the surface form comes from the source. Words that stand side by side
there keep what is between them.
"""

from __future__ import annotations

import re
from itertools import pairwise

from models.tasks.summary.own_words import OwnWords
from models.tasks.summary.writer import Draft, Request
from models.text.english import ENGLISH
from models.text.grammar import is_sentence, qualifies, scope
from models.text.words import is_content, normal, normal_words

MIN_CONTENT_WORDS = 3
_CLOSING = frozenset(".,;:!?%)]}’”…")
_OPENING = frozenset("([{$£€“‘#@")
_GLUED = frozenset("-–/'")
_QUOTES = frozenset('"“”‘’')
_MARKS = re.compile(r"[^\w\s]+$")


def written(draft: Draft, request: Request, own: OwnWords) -> str | None:
    """The draft's likeliest sentence that stands the writer's own checks; None if none does.

    They are: likely enough, shorter than its source, with content; it makes a sentence, denies and
    doubts what its source does, and no quotation or bracket stays open.
    """
    words = [_spelled(word, before, request, own) for before, word in pairwise([-1, *draft.words])]
    found = (_sentence(words[:end], draft.words, request) for end in draft.best_ends())
    return next(filter(None, found), None)


def _sentence(words: list[str], places: list[int], request: Request) -> str | None:
    """Some words as a sentence, or None if they don't make one."""
    while words and _MARKS.fullmatch(words[-1]) and words[-1] not in ('"', "”", ")"):
        words.pop()
    plain = [word for word in words if word not in _QUOTES]
    if not _has_content(words, request) or not is_sentence(plain) or _joins(words, places):
        return None
    if _asserts(words, places, request) or _cuts_a_number(words, places, request):
        return None
    text = _joined(words, places, request)
    text = _ended(text[0].upper() + text[1:])
    source = request.encoded.text[request.sentence.start : request.sentence.end]
    return text if _balanced(text) and _is_held(text, request) and text != source else None


def _ended(text: str) -> str:
    """A sentence with its stop, inside the quotation mark where it ends on one."""
    if text[-1] in '"”' and text[-2] not in ".!?":
        return f"{text[:-1].rstrip(',')}.{text[-1]}"
    return text if text[-1] in '.!?"”' else text + "."


def _has_content(words: list[str], request: Request) -> bool:
    content = [word for word in words if is_content(normal(word))]
    return len(content) >= MIN_CONTENT_WORDS and len(words) < len(request.words)


def _spelled(word: int, before: int, request: Request, own: OwnWords) -> str:
    """A word as the source spells it; a capital that only opens a sentence there is lowered.

    But not behind the mark that it opens one behind there.
    """
    if word < 0:
        return own.words[-1 - word]
    span = request.words[word]
    text = request.encoded.text[span.start : span.end]
    quoted = request.encoded.text[span.start - 1 : span.start] in ('"', "“", "‘")
    opens = word == 0 or (quoted and before != word - 1)
    if opens and text[:1].isupper() and text[1:].islower() and not _names(word + 1, request):
        lower = normal(text)
        common = lower in ENGLISH.function_words and lower != "i"
        if common or lower in request.spellings:
            return text[0].lower() + text[1:]
    return text


def _joins(words: list[str], places: list[int]) -> bool:
    """Whether names that stand apart in the source are joined into one, or an article is put
    before the word that opens it."""
    capital = [word[0].isupper() for word in words]
    return any(
        (capital[i] and capital[i + 1] and here >= 0 and there not in (-1, here + 1))
        or (here < 0 and there == 0 and normal(words[i]) in ENGLISH.grammar.articles)
        for i, (here, there) in enumerate(pairwise(places[: len(words)]))
    )


def _asserts(words: list[str], places: list[int], request: Request) -> bool:
    """Whether a denial or doubt is left out, but not what it bears on, or the source lacks it."""
    source, kept = request.normal_words(), set(places[: len(words)])
    there = {normal(word) for word in words if qualifies(normal(word))}
    lost = (at for at, word in enumerate(source) if qualifies(word) and word not in there)
    return bool(there.difference(source)) or any(
        kept.intersection(scope(source, at)) for at in lost
    )


def _cuts_a_number(words: list[str], places: list[int], request: Request) -> bool:
    """Whether a number ends the words without what it counts, as `two million` without `times`, or
    a rate is cut to a sum: `2 million` of `2 million a year`."""
    source, kept = request.normal_words(), set(places[: len(words)])
    after = places[len(words) - 1] + 1
    if _is_number(normal(words[-1])) and 0 < after < len(source) and is_content(source[after]):
        return True
    rates = (
        at
        for at, (per, time) in enumerate(pairwise(source))
        if per in ENGLISH.grammar.rates
        and time in ENGLISH.grammar.times
        and any(map(_is_number, source[max(0, at - 2) : at]))
    )
    return any(at - 1 in kept and not {at, at + 1} <= kept for at in rates)


def _is_number(word: str) -> bool:
    return word[0].isdigit() or word in ENGLISH.grammar.numbers


def _names(word: int, request: Request) -> bool:
    """Whether a word is written with a capital, as the rest of a name is."""
    span = request.words[word] if word < len(request.words) else None
    return span is not None and request.encoded.text[span.start].isupper()


def _joined(words: list[str], places: list[int], request: Request) -> str:
    """Words with the spaces they need; what stands between neighbours in the source is kept."""
    text = words[0]
    quoted = words[0] == '"'
    for index in range(1, len(words)):
        word, before = words[index], words[index - 1]
        text += (
            _between(places[index - 1], places[index], request)
            if (places[index - 1] >= 0 and places[index] == places[index - 1] + 1)
            else _space(before, word, quoted)
        )
        text += word
        quoted ^= word == '"'
    return text


def _between(left: int, right: int, request: Request) -> str:
    gap = request.encoded.text[request.words[left].end : request.words[right].start]
    return " " if gap.isspace() else gap


def _space(before: str, word: str, quoted: bool) -> str:
    if word[0] in _CLOSING or before[-1] in _OPENING or word in _GLUED or before in _GLUED:
        return ""
    if word == '"':
        return "" if quoted else " "
    return "" if before == '"' and quoted else " "


def _is_held(text: str, request: Request) -> bool:
    """Whether joining the words made none that the article lacks, as $90 of $ and 90."""
    words = filter(is_content, normal_words(text))
    return all(word in request.article_words for word in words)


def _balanced(text: str) -> bool:
    pairs = (("(", ")"), ("“", "”"), ("[", "]"))
    return text.count('"') % 2 == 0 and all(text.count(a) == text.count(b) for a, b in pairs)
