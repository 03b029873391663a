"""What an article goes through before the model reads it: cleaned, split, tokenised. No torch.

Time is linear in the part of the text that is searched, which is bounded (`cleaning.beginning`).
HTML is the exception: what a page costs depends on its parser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from models.analysis import Removed
from models.article import AUTO, MOST_AUTO, Article, Options, Tier
from models.encoding.questions import NEWS_TOKENS, PASSAGE_TOKENS, Passages, Question
from models.encoding.tokens import ArticleEncoder, Encoded, tokenizer_from
from models.errors import ArticleTooLong, EmptyArticle, ReaderMissing, TaskMissing
from models.text import cleaning, html
from models.text.detection import LanguageDetector
from models.text.english import ENGLISH
from models.text.language import Language
from models.text.language import language as language_of
from models.text.sentences import split

MAX_REMOVED = 256
OPENING_SENTENCES = 16
READING_TASKS = frozenset({"stance", "summary"})
"""The tasks that ask a reader."""
SUGGESTING_TASK = "subject"
"""The task that suggests targets."""
READING_COST = {Tier.FAST: 1, Tier.FULL: 8}
"""What a token costs a reader, in tokens of the encoder."""
CHECK_TOKENS, CHECKED_WORDS = 150, 25
"""About how long a question about a sentence of a summary is, and how many words it checks."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article that is ready to be analysed: whatever can be wrong with it is ruled out.

    `reader` is the one that judges, None where nothing is asked that a reader answers. `language`
    is the code of the language that was detected.
    """

    encoded: Encoded
    options: Options
    questions: tuple[tuple[str, Question], ...]
    reader: Tier | None
    removed: tuple[Removed, ...]
    language: str | None
    from_html: bool

    @property
    def tokens(self) -> int:
        """What reading it costs, in word pieces that the encoder reads."""
        return len(self.encoded.ids) + self._asked_tokens

    @property
    def windows(self) -> int:
        """The windows that it is read in; questions count as windows of the longest's length."""
        return len(self.encoded.windows) - (-self._asked_tokens // self.longest_tokens)

    @property
    def longest_tokens(self) -> int:
        """The longest window or question, to which all of a batch may be padded."""
        return max([*self.encoded.windows, *(len(asked.ids) for _, asked in self.questions)])

    @property
    def _asked_tokens(self) -> int:
        if self.reader is None:
            return 0
        checks = self.options.max_words // CHECKED_WORDS + 1 if self.options.is_checked else 0
        asked = sum(len(asked.ids) for _, asked in self.questions) + checks * CHECK_TOKENS
        asked += NEWS_TOKENS * self.options.is_checked
        asked += MOST_AUTO * PASSAGE_TOKENS * self.options.is_auto
        return READING_COST[self.reader] * asked


class Preparer:
    """Prepares articles for one model. It may be used in any thread, and sent to other processes.

    `tokenizer` is a tokenizer's JSON. An article is read in at most `max_windows` windows of
    `window` tokens. `language` is the code of the language that articles are expected in. `tasks`
    are those that the model has (None: all), `readers` the readers; the first of them judges where
    none is asked for.
    """

    def __init__(
        self,
        tokenizer: str,
        max_windows: int,
        window: int,
        tasks: Sequence[str] | None = None,
        language: str = ENGLISH.code,
        readers: Sequence[Tier] = tuple(Tier),
    ) -> None:
        self._arguments = tokenizer, max_windows, window, tasks, language, readers
        self._tasks, self.readers = tasks, tuple(readers)
        self.encoder = ArticleEncoder(tokenizer_from(tokenizer), max_windows, window)
        self._language = language_of(language)
        self._detector = LanguageDetector()

    def __reduce__(self) -> tuple[Callable[..., Preparer], tuple[Any, ...]]:
        return Preparer, self._arguments

    def warm_up(self) -> None:
        """Loads what is loaded once, so that the first article does not pay for it."""
        self._detector.warm_up()

    def __call__(self, article: Article) -> Prepared:
        """Prepares an article and detects its language. Raises an ArticleError."""
        self._check_tasks(article.options)
        reader = self.reader_of(article.options)
        prepared = prepare(article, self.encoder, self._language)
        detected = self._detector.detect(_opening(prepared.encoded))
        return replace(prepared, reader=reader, language=detected[0] if detected else None)

    def _check_tasks(self, options: Options) -> None:
        if self._tasks is not None and not (options.tasks or set()) <= set(self._tasks):
            raise TaskMissing(
                f"the model lacks a task that is asked for; it has {', '.join(self._tasks)}"
            )
        if self._tasks is not None and options.is_auto and SUGGESTING_TASK not in self._tasks:
            raise TaskMissing(f"the model suggests no targets; name them, in place of {AUTO!r}")

    def reader_of(self, options: Options) -> Tier | None:
        """The reader that judges, None where none is needed. Raises ReaderMissing."""
        if not options.is_read or not self.has_a_reading_task:
            return None
        reader = options.reader or next(iter(self.readers), None)
        if reader is None or reader not in self.readers:
            has = ", ".join(self.readers) or "none"
            raise ReaderMissing(f"the model lacks the reader that is asked for; it has {has}")
        return reader

    @property
    def has_a_reading_task(self) -> bool:
        """Whether a task of the model asks a reader."""
        return self._tasks is None or not READING_TASKS.isdisjoint(self._tasks)


def prepare(
    article: Article,
    encoder: ArticleEncoder,
    language: Language = ENGLISH,
    searched_words: int | None = None,
) -> Prepared:
    """Cleans, splits and tokenises an article. Raises an ArticleError.

    Serving and training both call this, so that a model is trained on what it is served with. The
    text is searched for `searched_words` words to read; None means as many as the encoder reads
    tokens. The language is not detected here.
    """
    options, text, title = article.options, article.text or "", article.title
    if article.html is not None:
        text, found = html.extract(article.html)
        title = title or found
    if options.clean:
        words = searched_words or encoder.max_tokens
        end, removed = cleaning.beginning(text, title, words, language)
    else:
        end, removed = cleaning.cut(text), ()
    searched = text[:end]
    sentences = split(searched, removed, language)
    encoded = encoder.article(searched, sentences, title, language)
    is_cut = encoded.truncated or bool(text[end:].strip())
    if not encoded.sentences and is_cut:
        raise EmptyArticle(
            f"there is no text to read in the first {end} characters, and no more is searched; "
            "send the article without what stands before it"
        )
    if not encoded.sentences:
        raise EmptyArticle("there is no text to read; send the article's text")
    if is_cut and options.strict:
        raise ArticleTooLong(
            f"the article is longer than the {encoder.max_tokens} tokens that are read; "
            "shorten it, or leave out strict to have its beginning read"
        )
    return Prepared(
        encoded=replace(encoded, truncated=is_cut),
        options=options,
        questions=_questions(encoded, options, encoder),
        reader=None,
        removed=_reported(searched, removed),
        language=None,
        from_html=article.html is not None,
    )


def _questions(
    encoded: Encoded, options: Options, encoder: ArticleEncoder
) -> tuple[tuple[str, Question], ...]:
    if not options.asks("stance") or options.is_auto:
        return ()
    passages = Passages(encoded)
    return tuple(
        (target, passages.question(encoder.target(target), target, options.kind))
        for target in dict.fromkeys(options.targets)
    )


def _opening(encoded: Encoded) -> str:
    """The first sentences, in which the language is detected."""
    spans = encoded.sentences[:OPENING_SENTENCES]
    return " ".join(encoded.text[span.start : span.end] for span in spans)


def _reported(text: str, removed: Sequence[Removed]) -> tuple[Removed, ...]:
    """The first `MAX_REMOVED` pieces that are left unread; a menu is one, not one for each line."""
    joined: list[Removed] = []
    for part in removed:
        before = joined[-1] if joined else None
        if before and before.reason == part.reason and not text[before.end : part.start].strip():
            joined[-1] = replace(before, end=part.end)
        elif len(joined) == MAX_REMOVED:
            break
        else:
            joined.append(part)
    return tuple(joined)
