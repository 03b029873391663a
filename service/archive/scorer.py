"""Scores shards: articles in, an outcome for each, on whatever machine it runs.

A shard is cut into slices. The articles of a slice are sorted by length and packed into batches
under a budget of padded tokens. What a batch holds depends on the shard alone, so a shard that is
scored again has the same numbers to the last bit. While the model reads a slice, the next ones are
being prepared.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

from models.analysis import Analysis
from models.article import Article
from models.encoding.packing import pack, padded_tokens
from models.errors import ArticleError, NutgrafError
from service.archive.columns import answer_of
from service.errors import ReaderUnavailable
from service.inference.bisection import analyze_or_stop
from service.inference.model import Model, Prepared

if TYPE_CHECKING:  # importing the engine takes seconds
    from models.engine import ModelInfo

SLICE_ROWS = 256
SLICES_AHEAD = 2


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an article has no answer."""

    reason: str


RowOutcome = dict[str, Any] | Failure
"""The answer to an article, as the columns hold it, or why there is none."""


@dataclass(slots=True)
class ScoredShard:
    """The outcomes of a shard in order, and the tokens that the model read for them."""

    outcomes: list[RowOutcome] = field(default_factory=list)
    tokens: int = 0
    padded_tokens: int = 0


class Numerics(NamedTuple):
    """What the numbers of a model depend on beside its weights: the device, the number format, and
    the reader that judges (None: none does).

    A device is one of a kind: `cuda`, not `cuda:1`.
    """

    device: str
    dtype: str
    reader: str | None

    @classmethod
    def of(cls, info: ModelInfo) -> Self:
        """Those of a model; the reader is the one that judges where none is asked for."""
        reader = next(iter(info.readers), None)
        return cls(info.device.partition(":")[0], info.dtype, reader and reader.value)

    def __str__(self) -> str:
        judged = f", judged by the reader {self.reader}" if self.reader else ""
        return f"{self.dtype} on {self.device}{judged}"


OnRead = Callable[[int], object]
"""Called with the number of articles that were read since the last call."""


class Scorer(Protocol):
    """Scores shards in order, and may read some of them ahead.

    `on_read` is called for all articles of a shard, some at a time, before the shard is given.
    """

    @property
    def numerics(self) -> Numerics: ...

    def __call__(
        self, shards: Iterable[Sequence[Article]], on_read: OnRead = ...
    ) -> Iterator[ScoredShard]: ...


class BatchItem(NamedTuple):
    """A prepared article, and the model that is to read it."""

    model: Model
    prepared: Prepared


Prepare = Callable[[Article], Callable[[], Any]]
"""Begins to prepare an article. What it returns waits for the result, or raises an ArticleError."""
Slice = list[Callable[[], Any]]
"""Articles of a shard that are being prepared: each call waits for one of them."""
BatchResults = Callable[[], Sequence[Analysis | Exception]]
"""Waits for the results of a batch: one for each article, in order."""


class LocalScorer:
    """Scores with a model in this process, in as many threads as the model allows.

    `prepare` has an article prepared elsewhere. `begin` has a batch read elsewhere; it is called
    for all batches of a slice before the first is waited for. Whoever reads them, the batches are
    the same, and so are the numbers.
    """

    def __init__(
        self,
        model: Model,
        budget_tokens: int,
        *,
        full: bool,
        prepare: Prepare,
        begin: Callable[[Sequence[BatchItem]], BatchResults] | None = None,
    ) -> None:
        self._model = model
        self._budget_tokens = budget_tokens
        self._full = full
        self._prepare = prepare
        self._begin = begin

    @property
    def numerics(self) -> Numerics:
        return Numerics.of(self._model.info)

    def __call__(
        self, shards: Iterable[Sequence[Article]], on_read: OnRead = lambda _: None
    ) -> Iterator[ScoredShard]:
        scored = ScoredShard()
        with _pool(self._model.parallel, "model") as reading:
            begin = self._begin or partial(_begin, reading)
            for one, is_last in _ahead(self._slices(shards)):
                self._read(one, scored, begin)
                on_read(len(one))
                if is_last:
                    yield scored
                    scored = ScoredShard()

    def _slices(self, shards: Iterable[Sequence[Article]]) -> Iterator[tuple[Slice, bool]]:
        """The slices of all shards as they are prepared; whether each is the last of its shard."""
        for shard in shards:
            for begin in range(0, max(1, len(shard)), SLICE_ROWS):
                end = begin + SLICE_ROWS
                yield [self._prepare(article) for article in shard[begin:end]], end >= len(shard)

    def _prepared(self, result: Callable[[], Any]) -> BatchItem | Failure:
        """Raises what ends the run: it was stopped, or this machine cannot prepare articles."""
        try:
            return BatchItem(self._model, result())
        except ArticleError as error:
            return Failure(str(error))
        except (NutgrafError, CancelledError, OSError):
            raise
        except Exception as error:  # its message may hold text of the article
            return Failure(f"preparing the article failed unexpectedly ({type(error).__name__})")

    def _read(
        self,
        articles: Slice,
        scored: ScoredShard,
        begin: Callable[[Sequence[BatchItem]], BatchResults],
    ) -> None:
        prepared = dict(enumerate(map(self._prepared, articles)))
        outcomes: dict[int, RowOutcome] = {
            place: one for place, one in prepared.items() if isinstance(one, Failure)
        }
        items = {place: one for place, one in prepared.items() if isinstance(one, BatchItem)}
        begun = []
        for batch in batches(items, self._budget_tokens):
            chosen = [items[place] for place in batch]
            scored.tokens += sum(one.prepared.tokens for one in chosen)
            scored.padded_tokens += padded_tokens(one.prepared for one in chosen)
            begun.append((batch, begin(chosen)))
        for batch, results in begun:
            outcomes |= {
                place: self._outcome(result) for place, result in zip(batch, results(), strict=True)
            }
        scored.outcomes += [outcomes[place] for place in range(len(articles))]

    def _outcome(self, result: Analysis | Exception) -> RowOutcome:
        """Raises ReaderUnavailable: without its reader a run does not go on."""
        if isinstance(result, ReaderUnavailable):
            raise result
        if isinstance(result, Analysis):
            return answer_of(result, full=self._full)
        return Failure(str(result))


@contextmanager
def _pool(threads: int, name: str) -> Iterator[ThreadPoolExecutor]:
    """Threads that end with the block; what still waits for them then is given up."""
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(pool: ThreadPoolExecutor, batch: Sequence[BatchItem]) -> BatchResults:
    """Has a batch read by a thread of a pool."""
    return pool.submit(analyze_or_stop, batch).result


def _ahead(slices: Iterator[tuple[Slice, bool]]) -> Iterator[tuple[Slice, bool]]:
    """The slices, each once the next ones have begun to be prepared."""
    waiting = deque(islice(slices, SLICES_AHEAD))
    while waiting:
        waiting.extend(islice(slices, 1))
        yield waiting.popleft()


def batches(items: Mapping[int, BatchItem], budget_tokens: int) -> list[list[int]]:
    """The places of a slice in batches of similar length, longest first."""
    places = list(items)
    prepared = [items[place].prepared for place in places]
    groups = pack(
        [one.longest_tokens for one in prepared],
        budget_tokens,
        [one.windows for one in prepared],
    )
    return [[places[item] for item in group] for group in groups]
