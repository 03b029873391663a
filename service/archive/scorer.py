"""The shard function: articles in, an outcome for each, whatever machine it runs on.

A shard is cut into windows, a window sorted by length and cut into batches under a budget of padded
tokens. What a batch holds depends on the shard alone, so a shard that is scored again has the same
numbers to the last bit. While the model reads a window, the next ones are being prepared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, NamedTuple, Protocol

from models.analysis import Analysis
from models.article import Article
from models.errors import ArticleError
from service.archive.writers import answer_of
from service.inference.bisection import analyze_or_stop
from service.inference.model import Model, Prepared

WINDOW_ROWS = 256
WINDOWS_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an article has no answer."""

    reason: str


Outcome = dict[str, Any] | Failure


@dataclass(slots=True)
class Scored:
    """The outcomes of a shard in order, and the tokens that the model read for them."""

    outcomes: list[Outcome] = field(default_factory=list)
    tokens: int = 0
    padded_tokens: int = 0


OnRead = Callable[[int], object]
"""Is told how many more articles were read."""


class Scorer(Protocol):
    """Scores shards in order, reading ahead of itself as it likes.

    `on_read` is told of every article of a shard, some at a time, before the shard is given.
    """

    def __call__(
        self, shards: Iterable[Sequence[Article]], on_read: OnRead = ...
    ) -> Iterator[Scored]: ...


class Pass(NamedTuple):
    """A prepared article on its way through the model."""

    model: Model
    prepared: Prepared


Prepare = Callable[[Article], Callable[[], Any]]
"""Begins to prepare an article; what it gives waits for the outcome, and raises an ArticleError."""
Window = list[Callable[[], Any]]
Results = Callable[[], Sequence[Analysis | Exception]]
"""Waits for what became of a batch: a result for each article, in order."""


class LocalScorer:
    """Scores with a model in this process, in as many threads as the model allows.

    `prepare` has an article prepared elsewhere. `begin` has a batch read elsewhere; it is called
    for all batches of a window before the first is waited for. Whoever reads them, the batches are
    the same, and so are the numbers.
    """

    def __init__(
        self,
        model: Model,
        budget_tokens: int,
        *,
        full: bool,
        prepare: Prepare,
        begin: Callable[[Sequence[Pass]], Results] | None = None,
    ) -> None:
        self._model = model
        self._budget_tokens = budget_tokens
        self._full = full
        self._prepare = prepare
        self._begin = begin

    def __call__(
        self, shards: Iterable[Sequence[Article]], on_read: OnRead = lambda _: None
    ) -> Iterator[Scored]:
        scored = Scored()
        with _pool(self._model.parallel, "model") as reading:
            begin = self._begin or partial(_begin, reading)
            for window, is_last in _ahead(self._windows(shards)):
                self._read(window, scored, begin)
                on_read(len(window))
                if is_last:
                    yield scored
                    scored = Scored()

    def _windows(self, shards: Iterable[Sequence[Article]]) -> Iterator[tuple[Window, bool]]:
        """The windows of all shards as they are prepared; whether each is the last of its shard."""
        for shard in shards:
            for begin in range(0, max(1, len(shard)), WINDOW_ROWS):
                end = begin + WINDOW_ROWS
                window = [self._prepare(article) for article in shard[begin:end]]
                yield window, end >= len(shard)

    def _prepared(self, result: Callable[[], Any]) -> Pass | Failure:
        try:
            return Pass(self._model, result())
        except ArticleError as error:
            return Failure(str(error))

    def _read(
        self, window: Window, scored: Scored, begin: Callable[[Sequence[Pass]], Results]
    ) -> None:
        prepared = dict(enumerate(map(self._prepared, window)))
        read: dict[int, Outcome] = {
            place: one for place, one in prepared.items() if isinstance(one, Failure)
        }
        passes = {place: one for place, one in prepared.items() if isinstance(one, Pass)}
        begun = []
        for batch in batches(passes, self._budget_tokens):
            chosen = [passes[place] for place in batch]
            scored.tokens += sum(one.prepared.tokens for one in chosen)
            scored.padded_tokens += padded_tokens([one.prepared for one in chosen])
            begun.append((batch, begin(chosen)))
        for batch, results in begun:
            read |= {
                place: self._outcome(result) for place, result in zip(batch, results(), strict=True)
            }
        scored.outcomes += [read[place] for place in range(len(window))]

    def _outcome(self, result: Analysis | Exception) -> Outcome:
        if isinstance(result, Analysis):
            return answer_of(result, full=self._full)
        return Failure(str(result))


@contextmanager
def _pool(threads: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Threads that end with what they do; what waits for them is given up."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(pool: ThreadPoolExecutor, batch: Sequence[Pass]) -> Results:
    """Has a batch read by a thread of a pool."""
    return pool.submit(analyze_or_stop, batch).result


def _ahead(windows: Iterator[tuple[Window, bool]]) -> Iterator[tuple[Window, bool]]:
    """The windows, each once some more have begun to be prepared."""
    waiting = deque(islice(windows, WINDOWS_AHEAD))
    while waiting:
        waiting.extend(islice(windows, 1))
        yield waiting.popleft()


def batches(passes: Mapping[int, Pass], budget_tokens: int) -> list[list[int]]:
    """The places of a window in batches of similar length, longest first."""
    cut: list[list[int]] = []
    rows = longest = 0
    for place in sorted(passes, key=lambda place: (-passes[place].prepared.longest_tokens, place)):
        one = passes[place].prepared
        if cut and (rows + one.windows) * longest <= budget_tokens:
            cut[-1].append(place)
            rows += one.windows
        else:
            cut.append([place])
            rows, longest = one.windows, one.longest_tokens
    return cut


def padded_tokens(batch: Sequence[Prepared]) -> int:
    """The work of a batch: every window of tokens as long as the longest."""
    return sum(one.windows for one in batch) * max(one.longest_tokens for one in batch)
