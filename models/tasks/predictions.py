"""Answers of a model for labelled texts, and the tables of errors that are counted on them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Protocol

from models.analysis import Analysis
from models.article import Article
from models.encoding.preparation import Prepared
from models.errors import AnalysisError, ArticleError
from models.registry import Task
from models.tasks.evaluation import Answered, Evaluation
from models.tasks.judged import Judged
from models.tasks.limits import Answer, Table, one_of_each, table

BATCH = 32


class Model(Protocol):
    """What is needed of an engine."""

    @property
    def parallel(self) -> int: ...

    @property
    def preparer(self) -> Callable[[Article], Any]: ...

    def analyze(self, batch: Sequence[Any]) -> list[Analysis | AnalysisError]: ...


class Text(Protocol):
    """A labelled text. `gold` is what people answered for a task, by the task's name for it."""

    @property
    def text(self) -> str: ...

    @property
    def title(self) -> str | None: ...

    def gold(self, name: str) -> Any: ...


def answered(model: Model, task: Task, texts: Iterable[Text]) -> list[Answered]:
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
            asked, outcomes(model, articles), strict=True
        )
        if isinstance(found, Analysis) and isinstance(prepared, Prepared)
    ]


def tables(
    evaluation: Evaluation, judged: Mapping[str, Sequence[Judged]], calibration: Any
) -> dict[str, Table]:
    """The table of errors of each group of calibrated answers that has any.

    `calibration` has the thresholds, below which nothing is answered.
    """
    counted = {
        group: table(one_answer_of_each(judged.get(group, ())), getattr(calibration, fit.threshold))
        for group, fit in evaluation.fits.items()
    }
    return {group: steps for group, steps in counted.items() if steps}


def one_answer_of_each(judged: Sequence[Judged]) -> list[Answer]:
    """One answer of each text, as tables count them."""
    return one_of_each(
        (j.text or str(n), (j.scores[0][1], j.is_wrong)) for n, j in enumerate(judged)
    )


def analyses(
    model: Model, articles: Iterable[Article]
) -> Iterator[Analysis | AnalysisError | ArticleError]:
    """The model's outcome for each article, in order."""
    return (found for _, found in outcomes(model, articles))


Outcome = tuple[Prepared | None, Analysis | AnalysisError | ArticleError]


def outcomes(model: Model, articles: Iterable[Article]) -> Iterator[Outcome]:
    """Each article as it was prepared (None: it could not be), and its outcome, in order.

    As many batches are read at once as the model reads.
    """
    rest, waiting = iter(articles), deque[Future[list[Outcome]]]()
    with ThreadPoolExecutor(model.parallel) as pool:
        while batch := list(islice(rest, BATCH)):
            waiting.append(pool.submit(_read, model, batch))
            if len(waiting) > model.parallel:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _read(model: Model, articles: Sequence[Article]) -> list[Outcome]:
    batch = [_prepared(model, article) for article in articles]
    ready = [item for item in batch if isinstance(item, Prepared)]
    found: Iterator[Any] = iter(model.analyze(ready) if ready else ())
    return [(item, next(found)) if isinstance(item, Prepared) else (None, item) for item in batch]


def _prepared(model: Model, article: Article) -> Prepared | ArticleError:
    try:
        prepared: Prepared = model.preparer(article)
    except ArticleError as error:
        return error
    return prepared


def _sentences(prepared: Prepared) -> tuple[str, ...]:
    encoded = prepared.encoded
    return tuple(encoded.text[span.start : span.end] for span in encoded.sentences)
