"""From a draft to a sentence as it is printed: case, spaces and marks, and whether it reads well.

The vocabulary is lower-case; the surface form comes from the source. Words that stand side by side
there keep what is between them.
"""

from __future__ import annotations

import re

from models.vocabulary import FUNCTION_WORDS, OwnWords, is_content, normal
from models.writer import Draft, Request

MIN_LOG_PROB = -1.1
MIN_CONTENT_WORDS = 3
_CLOSING = frozenset(".,;:!?%)]}’”…")
_OPENING = frozenset("([{$£€“‘#@")
_GLUED = frozenset("-–/'")
_MAY_END = frozenset(
    """him her it them us me you this that these those one ones all more most less least few many
    now then here there again already ever never too also out up down off in over not
    on""".split()  # noqa: SIM905
)
_NO_END = FUNCTION_WORDS - _MAY_END
_SUBORDINATE = frozenset(
    """although though while when whereas if unless because since as after before
    despite""".split()  # noqa: SIM905
)
_MARKS = re.compile(r"[^\w\s]+$")


def written(draft: Draft, request: Request, own: OwnWords) -> str | None:
    """The sentence of a draft, or None where it does not stand the reader's own checks.

    They are: it came to an end, likely enough, shorter than its source, with content, and without
    a clause that hangs alone, a loose end, an open quotation or bracket.
    """
    words = [_spelled(word, request, own) for word in draft.words]
    while words and _MARKS.fullmatch(words[-1]) and words[-1] not in ('"', "”", ")"):
        words.pop()
    if not draft.ended or draft.log_prob < MIN_LOG_PROB or not _is_sentence(words, request):
        return None
    text = _joined(words, draft.words[: len(words)], request)
    if not _balanced(text):
        return None
    text = text[0].upper() + text[1:]
    text = text if text[-1] in ".!?" or text[-2:] in ('."', ".”") else text + "."
    source = request.encoded.text[request.sentence.start : request.sentence.end]
    return None if text == source else text


def _is_sentence(words: list[str], request: Request) -> bool:
    content = [word for word in words if is_content(normal(word))]
    if len(content) < MIN_CONTENT_WORDS or len(words) >= len(request.words):
        return False
    if words[0] in (",", ":", ";", ")") or normal(words[-1]) in _NO_END:
        return False
    return normal(words[0]) not in _SUBORDINATE or "," in words


def _spelled(word: int, request: Request, own: OwnWords) -> str:
    """A word as the source spells it; a capital that only opens a sentence there is lowered."""
    if word < 0:
        return own.words[-1 - word]
    span = request.words[word]
    text = request.encoded.text[span.start : span.end]
    opens = word == 0 or request.encoded.text[span.start - 1 : span.start] in ('"', "“", "‘")
    if opens and text[:1].isupper() and text[1:].islower():
        lower = normal(text)
        common = lower in FUNCTION_WORDS and lower != "i"
        if common or lower in request.spellings:
            return text[0].lower() + text[1:]
    return text


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


def _balanced(text: str) -> bool:
    pairs = (("(", ")"), ("“", "”"), ("[", "]"))
    return text.count('"') % 2 == 0 and all(text.count(a) == text.count(b) for a, b in pairs)
