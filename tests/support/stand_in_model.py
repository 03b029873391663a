"""A model without weights. Words in the article make it fail, so that tests can cause faults."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.analysis import (
    Analysis,
    InputReport,
    Passage,
    Score,
    Span,
    StanceAnalysis,
    Summary,
    SummarySentence,
    TopicAnalysis,
)
from models.article import Article, Options, Tier
from models.errors import AnalysisError, ArtifactMissing, EmptyArticle
from models.labels import Label
from models.tasks.limits import UNSURE

WINDOW_TOKENS = 512
TOPICS = (Label("weather", "medtop:17000000"), Label("sport", "medtop:15000000"))
STANCES = (Label("favor"), Label("against"), Label("neutral"), Label("unrelated"))
LABELS = {"topic": TOPICS, "stance": STANCES, "overall": STANCES[:3]}


@dataclass(frozen=True)
class Info:
    name: str = "stand-in"
    version: str = "1"
    digest: str = "0" * 64
    created: str = "2026-01-01"
    tasks: tuple[str, ...] = ("topic", "stance", "summary")
    readers: tuple[Tier, ...] = (Tier.FULL, Tier.FAST)
    labels: dict[str, tuple[Label, ...]] = field(default_factory=lambda: LABELS)
    device: str = "cpu"
    dtype: str = "float32"
    parameters: int = 1
    max_tokens: int = 8192
    languages: tuple[str, ...] = ("en",)
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    text: str
    options: Options

    @property
    def tokens(self) -> int:
        return len(self.text.split())

    @property
    def windows(self) -> int:
        return -(-self.tokens // WINDOW_TOKENS)

    @property
    def longest_tokens(self) -> int:
        return min(self.tokens, WINDOW_TOKENS)

    @property
    def reader(self) -> Tier | None:
        return self.options.reader or Tier.FULL if self.options.is_read else None


class Death(BaseException):
    """Ends a thread: nothing else in the program catches it."""


def prepare(article: Article) -> Prepared:
    """Takes a text as it is. At the word `spin` it never ends and uses processor time."""
    if "spin" in (article.text or "").split():
        while True:
            pass
    prepared = Prepared(article.text or article.html or "", article.options)
    if not prepared.tokens:
        raise EmptyArticle("There is no text to read; send an article.")
    return prepared


class StandIn:
    """Answers each article with its own first word as the summary.

    These words cause a fault: `poison` makes the batch fail, `nan` gives an error for this article
    only, `large` raises MemoryError, `death` ends the thread, `assert` is a lost device. While
    `gate` is cleared, every batch waits. `batches` records the texts of each call. A reader that is
    `unreadable` cannot be loaded.
    """

    def __init__(self, info: Info | None = None) -> None:
        self.info: Any = info or Info()
        self.gate = threading.Event()
        self.gate.set()
        self.batches: list[list[str]] = []
        self.warm_ups = 0
        self.parallel = 1
        self.warm_up_errors: list[Exception] = []
        self.unreadable: Tier | None = None

    @property
    def preparer(self) -> Callable[[Article], Prepared]:
        return prepare

    def warm_up(self) -> None:
        self.warm_ups += 1
        if self.warm_up_errors:
            raise self.warm_up_errors.pop(0)

    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        self.batches.append([prepared.text for prepared in batch])
        self.gate.wait()
        if self.unreadable in {prepared.reader for prepared in batch} - {None}:
            raise _not_there()
        words = {word for prepared in batch for word in prepared.text.split()}
        if "death" in words:
            raise Death
        if "assert" in words:
            raise RuntimeError("CUDA error: device-side assert triggered")
        if "large" in words:
            raise MemoryError
        if "poison" in words:
            raise RuntimeError("a kernel failed")
        return [self._answer(prepared) for prepared in batch]

    def _answer(self, prepared: Prepared) -> Analysis | AnalysisError:
        if "nan" in prepared.text.split():
            return AnalysisError("The scores of this article are not finite.")
        results = {
            "topic": _topic(prepared.text),
            "stance": _stances(prepared.options),
            "summary": _summary(prepared),
        }
        return Analysis(
            results={n: found for n, found in results.items() if prepared.options.asks(n)},
            language="en",
            reader=prepared.reader,
            warnings=(),
            input=InputReport(prepared.tokens, prepared.windows, False, ()),
        )


class Failing(StandIn):
    """Analyses `after` batches, then fails at every batch and at its warm-up.

    With `nan` it gives an error for each article instead of raising.
    """

    def __init__(self, after: float, *, nan: bool = False) -> None:
        super().__init__()
        self.after = after
        self.nan = nan

    @property
    def broken(self) -> bool:
        return len(self.batches) >= self.after

    def warm_up(self) -> None:
        super().warm_up()
        if self.broken:
            raise RuntimeError("no kernel is there\nfor this device")

    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        if self.broken and self.nan:
            return [AnalysisError("The scores of this article are not finite.") for _ in batch]
        if self.broken:
            raise RuntimeError("no kernel is there")
        return super().analyze(batch)


def _not_there() -> ArtifactMissing:
    missing = ArtifactMissing("no readable reader-1.safetensors; fetch the artifact again")
    missing.directory = Path("secret", "place")
    return missing


def _topic(text: str) -> TopicAnalysis:
    scores = (Score("weather", 0.75), Score("sport", 0.25))
    evidence = (Passage(0, len(text), text),)
    code = "medtop:17000000"
    return TopicAnalysis("weather", code, 0.75, False, scores[:1], scores, evidence, -9.0)


def _stances(options: Options) -> tuple[StanceAnalysis, ...]:
    scores = (Score("favor", 0.5), Score("against", 0.3), Score("neutral", 0.2))
    return tuple(
        StanceAnalysis(target, options.kind, None, None, 0.5, True, scores, (), _why(options))
        for target in options.targets or (None,)
    )


def _why(options: Options) -> str:
    return UNSURE if options.max_error is None else f"max_error {options.max_error}"


def _summary(prepared: Prepared) -> Summary:
    first = prepared.text.split()[0]
    start = prepared.text.index(first)
    span = Span(start, start + len(first))
    sentence = SummarySentence(first, span, False, 1.0, () if prepared.options.edits else None)
    return Summary(first, prepared.options.style, 1, 1.0, None, (sentence,))
