"""Which passages of a long article the stance reader reads for a target."""

from __future__ import annotations

from collections.abc import Iterator

from models.encoding import WINDOW_TOKENS, WORD, Encoded
from models.vocabulary import is_content, normal

STEM_CHARS = 6
LEAD_BONUS = 0.3


def reach(encoded: Encoded, target: str | None) -> list[tuple[int, int]] | None:
    """The token ranges to read: those that mention the target, and the lead, up to one window.

    None where the article fits in one window: then all of it is read, as in training.
    """
    if len(encoded.ids) <= WINDOW_TOKENS:
        return None
    stems = {_stem(word) for word in (target or "").split() if is_content(normal(word))}
    order = sorted(range(len(encoded.sentences)), key=lambda i: (-_score(encoded, i, stems), i))
    chosen: list[tuple[int, int]] = [encoded.title] if encoded.title else []
    left = WINDOW_TOKENS - sum(last - first for first, last in chosen)
    for index in order:
        sentence = encoded.sentences[index]
        if sentence.last - sentence.first <= left:
            chosen.append((sentence.first, sentence.last))
            left -= sentence.last - sentence.first
    return sorted(chosen)


def names(encoded: Encoded, target: str) -> bool:
    """Whether the text has the target word for word, whatever its case and its `the` or `a`."""
    words = list(_words(target))
    while len(words) > 1 and words[0] in {"the", "a", "an"}:
        words.pop(0)
    return f" {' '.join(words)} " in f" {' '.join(_words(encoded.text))} "


def _words(text: str) -> Iterator[str]:
    return (normal(match.group()) for match in WORD.finditer(text))


def _stem(word: str) -> str:
    return normal(word).strip("'\".,:;!?()“”‘’")[:STEM_CHARS]


def _score(encoded: Encoded, index: int, stems: set[str]) -> float:
    """How much of the target a sentence mentions; the lead counts too, less the further down."""
    sentence = encoded.sentences[index]
    words = {_stem(word) for word in encoded.text[sentence.start : sentence.end].split()}
    mentioned = len(stems & words) / len(stems) if stems else 0.0
    return mentioned + LEAD_BONUS / (1 + index)
