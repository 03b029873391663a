"""From an article to token windows. No torch.

The tokens of an article are one flat sequence: its windows one after the other, each
`[CLS] sentences [SEP]`, at most `WINDOW_TOKENS` long and cut at sentence ends. A sentence is a
range of that sequence, so every head works on ranges and no head knows of windows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from models.analysis import Span
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.words import WORD

WINDOW_TOKENS = 512
MAX_TARGET_TOKENS = 128
SENTENCES_AT_ONCE = 64

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Word(Span):
    """A word to point at: its characters and its first token in the article's sequence."""

    token: int


@dataclass(frozen=True, slots=True)
class Sentence(Span):
    """A sentence: its characters, and its tokens `first` to `last` (not included)."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """An article as the network reads it.

    `ids` are the word pieces of all windows, `starts` the character at which each begins (−1 for
    special tokens), `windows` their lengths. `title` is read like a sentence but never quoted; its
    characters are those of `heading`. `truncated`: text after the last window was not read.
    `language` is the one that the text was split in.
    """

    text: str
    heading: str
    ids: Integers
    starts: Integers
    windows: tuple[int, ...]
    sentences: tuple[Sentence, ...]
    title: Sentence | None
    truncated: bool
    language: Language = ENGLISH

    @property
    def segments(self) -> list[tuple[int, int]]:
        """The token ranges that are read as sentences: the title, if any, then the sentences."""
        ranges = [(sentence.first, sentence.last) for sentence in self.sentences]
        return [(self.title.first, self.title.last), *ranges] if self.title else ranges

    def tokens(self, sentence: Sentence, start: int, end: int) -> tuple[int, int]:
        """The tokens, in the article's sequence, of characters of a sentence (the second not
        included); both are the same where none was read."""
        first, last = np.searchsorted(self.starts[sentence.first : sentence.last], (start, end))
        return sentence.first + int(first), sentence.first + int(last)

    def words(self, sentence: Sentence) -> list[Word]:
        """The words of a sentence whose first token was read, in order."""
        starts = self.starts[sentence.first : sentence.last]
        found = []
        for match in WORD.finditer(self.text, sentence.start, sentence.end):
            index = int(np.searchsorted(starts, match.start()))
            if index < len(starts) and starts[index] < match.end():
                found.append(Word(match.start(), match.end(), sentence.first + index))
        return found


def tokenizer_from(text: str) -> Tokenizer:
    """A tokenizer that neither cuts nor pads, whatever its file says."""
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class ArticleEncoder:
    """Tokenises articles, targets and words. Safe to use from any thread."""

    def __init__(self, tokenizer: Tokenizer, max_windows: int, window: int = WINDOW_TOKENS) -> None:
        self.max_tokens = max_windows * window
        self._tokenizer = tokenizer
        self._max_windows = max_windows
        self._window = window
        self._cls, self._sep = self._id("[CLS]"), self._id("[SEP]")

    def _id(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(f"the tokenizer has no token {token}")
        return int(number)

    def article(
        self,
        text: str,
        sentences: Sequence[Span],
        title: str | None = None,
        language: Language = ENGLISH,
    ) -> Encoded:
        """Encodes the given sentences of a text, after its title if there is one."""
        layout = _Layout(self._cls, self._sep, self._window, self._max_windows)
        head = self._tokenizer.encode(title or "", add_special_tokens=False)
        shown = self._title(layout, head, title or "")
        kept, truncated = [], False
        for span, body in self._bodies(text, sentences):
            if layout.full(len(body.ids)):
                truncated = True
                break
            if body.ids:
                first, last = layout.add(body.ids, [span.start + o for o, _ in body.offsets])
                truncated |= last - first < len(body.ids)
                kept.append(Sentence(span.start, span.end, first, last))
        ids, starts, windows = layout.close()
        read = ids, starts, windows, tuple(kept), shown
        return Encoded(text, title or "", *read, truncated, language)

    def _title(self, layout: _Layout, head: Encoding, title: str) -> Sentence | None:
        if not head.ids:
            return None
        most = self._window // 4
        first, last = layout.add(head.ids[:most], [start for start, _ in head.offsets[:most]])
        return Sentence(0, len(title), first, last)

    def _bodies(self, text: str, sentences: Sequence[Span]) -> Iterator[tuple[Span, Encoding]]:
        """The sentences with their tokens, some at a time: most of a long text is never read."""
        for begin in range(0, len(sentences), SENTENCES_AT_ONCE):
            spans = sentences[begin : begin + SENTENCES_AT_ONCE]
            pieces = [text[span.start : span.end] for span in spans]
            encodings = self._tokenizer.encode_batch(pieces, add_special_tokens=False)
            yield from zip(spans, encodings, strict=True)

    def target(self, target: str) -> list[int]:
        """The prompt that asks a reader about a target or a statement."""
        ids = self._tokenizer.encode(target, add_special_tokens=False).ids
        return [self._cls, *ids[:MAX_TARGET_TOKENS], self._sep, self._sep]

    def reads_whole(self, target: str) -> bool:
        """Whether the prompt for a target holds all of it."""
        return len(self._tokenizer.encode(target, add_special_tokens=False)) <= MAX_TARGET_TOKENS

    def words(self) -> frozenset[str]:
        """The words of the vocabulary, in lower case."""
        pieces = self._tokenizer.get_vocab()
        return frozenset(piece for piece in pieces if piece.isalpha() and piece.islower())

    def sentence(self, sentence: str) -> Integers:
        """A sentence to be read alone, cut where it is longer than a window."""
        ids = self._tokenizer.encode(sentence, add_special_tokens=False).ids[: self._window - 2]
        return np.asarray([self._cls, *ids, self._sep], np.int64)


class _Layout:
    """Lays pieces into windows, never splitting one unless it is longer than a window."""

    def __init__(self, cls: int, sep: int, window: int, max_windows: int) -> None:
        self._cls, self._sep, self._window, self._max = cls, sep, window, max_windows
        self._ids, self._starts, self._lengths = [cls], [-1], [1]

    def full(self, tokens: int) -> bool:
        tokens = min(tokens, self._window - 2)
        return len(self._lengths) == self._max and self._lengths[-1] + tokens >= self._window

    def add(self, ids: list[int], starts: list[int]) -> tuple[int, int]:
        """The token range of a piece, which is cut if it is longer than a window."""
        ids = ids[: self._window - 2]
        if self._lengths[-1] + len(ids) >= self._window:
            self._append([self._sep], [-1])
            self._lengths.append(0)
            self._append([self._cls], [-1])
        first = len(self._ids)
        self._append(ids, starts[: len(ids)])
        return first, len(self._ids)

    def _append(self, ids: list[int], starts: list[int]) -> None:
        self._ids += ids
        self._starts += starts
        self._lengths[-1] += len(ids)

    def close(self) -> tuple[Integers, Integers, tuple[int, ...]]:
        self._append([self._sep], [-1])
        ids, starts = (np.asarray(values, np.int64) for values in (self._ids, self._starts))
        return ids, starts, tuple(self._lengths)
