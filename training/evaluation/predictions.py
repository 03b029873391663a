"""Answers of an engine for labelled texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from models.analysis import Analysis
from models.article import Article
from models.encoding.preparation import Prepared
from models.engine import Engine
from models.errors import AnalysisError, ArticleError
from models.registry import Task
from models.tasks.evaluation import Answered
from training.data.labelled import Labelled

BATCH = 32


def answered(engine: Engine, task: Task, texts: Sequence[Labelled]) -> list[Answered]:
    """The results of a task for the texts that have gold for it; texts that fail are left out."""
    asks = task.load_evaluation().asked
    asked = [
        (text, gold, options)
        for text in texts
        if (gold := text.gold(task.gold))
        for options in asks(gold)
    ]
    articles = (Article(text.text, text.title, options=options) for text, _, options in asked)
    return [
        Answered(text.text, gold, options, _sentences(prepared), found.results[task.name])
        for (text, gold, options), (prepared, found) in zip(
            asked, outcomes(engine, articles), strict=True
        )
        if isinstance(found, Analysis) and isinstance(prepared, Prepared)
    ]


def analyses(
    engine: Engine, articles: Iterable[Article]
) -> Iterator[Analysis | AnalysisError | ArticleError]:
    """The engine's outcome for each article, in order."""
    return (found for _, found in outcomes(engine, articles))


Outcome = tuple[Prepared | None, Analysis | AnalysisError | ArticleError]


def outcomes(engine: Engine, articles: Iterable[Article]) -> Iterator[Outcome]:
    """Each article as it was prepared (None: it could not be), and its outcome, in order."""
    batch: list[Prepared | ArticleError] = []
    for article in articles:
        try:
            batch.append(engine.prepare(article))
        except ArticleError as error:
            batch.append(error)
        if len(batch) == BATCH:
            yield from _read(engine, batch)
            batch = []
    yield from _read(engine, batch)


def _read(engine: Engine, batch: Sequence[Prepared | ArticleError]) -> Iterator[Outcome]:
    ready = [item for item in batch if isinstance(item, Prepared)]
    outcomes: Iterator[Any] = iter(engine.analyze(ready) if ready else ())
    for item in batch:
        yield (item, next(outcomes)) if isinstance(item, Prepared) else (None, item)


def _sentences(prepared: Prepared) -> tuple[str, ...]:
    encoded = prepared.encoded
    return tuple(encoded.text[span.start : span.end] for span in encoded.sentences)
