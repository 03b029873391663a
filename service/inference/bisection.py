"""One article's failure kept from the others of its batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar

from models.analysis import Analysis
from models.errors import AnalysisError, ArtifactError
from service.errors import AnalysisFailed, ModelFailed, OutOfMemory
from service.inference.model import Model, Prepared

logger = logging.getLogger("nutgraf.model")

_FATAL_SIGNS = ("device-side assert", "illegal memory access", "unspecified launch failure")
_MAX_REASON = 200


class ModelLost(ModelFailed):
    """The device was lost. It can be used again only by a new process."""


class Work(Protocol):
    """A prepared article and the model that is to read it."""

    @property
    def model(self) -> Model: ...
    @property
    def prepared(self) -> Prepared: ...


Entry = TypeVar("Entry", bound=Work)


def analyze_with_bisection(
    entries: Sequence[Entry], on_failure: Callable[[Exception], None]
) -> Iterator[tuple[Entry, Analysis | Exception]]:
    """Each entry with its analysis, or with the error that is its own.

    A batch that fails is cut in halves until the failing article is alone: one among 64 costs 13
    forward passes at most. Where a reader cannot be loaded, those that need it have its
    ArtifactError. Raises ModelLost when the device is lost.
    """
    outcomes, failure = _analyze(entries)
    if failure is None:
        yield from zip(entries, outcomes, strict=True)
        return
    on_failure(failure)
    if isinstance(failure, ArtifactError):
        yield from _by_reader(entries, failure, on_failure)
        return
    if len(entries) == 1:
        yield entries[0], _own_error(failure)
        return
    middle = len(entries) // 2
    yield from analyze_with_bisection(entries[:middle], on_failure)
    yield from analyze_with_bisection(entries[middle:], on_failure)


def _by_reader(
    entries: Sequence[Entry], failure: ArtifactError, on_failure: Callable[[Exception], None]
) -> Iterator[tuple[Entry, Analysis | Exception]]:
    """The entries of a batch that failed for a reader: one batch for each that they need."""
    needed = dict.fromkeys(entry.prepared.reader for entry in entries)
    if len(needed) == 1:
        yield from ((entry, failure) for entry in entries)
        return
    found: dict[int, Analysis | Exception] = {}
    for reader in needed:
        mine = [place for place, each in enumerate(entries) if each.prepared.reader is reader]
        answered = analyze_with_bisection([entries[place] for place in mine], on_failure)
        found |= {place: result for place, (_, result) in zip(mine, answered, strict=True)}
    yield from ((entry, found[place]) for place, entry in enumerate(entries))


def analyze_or_stop(entries: Sequence[Work]) -> list[Analysis | Exception]:
    """What became of each article of a batch, in order.

    Raises ArtifactError where a reader cannot be loaded. Raises it or ModelFailed where none has
    an answer and the model does not answer a text of its own either: then it is not the articles'
    fault.
    """
    results = [result for _, result in analyze_with_bisection(entries, lambda _: None)]
    for result in results:
        if isinstance(result, ArtifactError):
            raise result
    if not any(isinstance(result, Analysis) for result in results):
        prove(entries[0].model)
    return results


def prove(model: Model) -> None:
    """Have a model read a text of its own. Raises ArtifactError or ModelFailed."""
    try:
        model.warm_up()
    except ArtifactError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:_MAX_REASON]
        raise ModelFailed(
            f"the model does not work ({reason}); run the same command again once it does"
        ) from error


def _analyze(
    entries: Sequence[Work],
) -> tuple[Sequence[Analysis | AnalysisError], Exception | None]:
    """The outcomes, or the failure, without its traceback: that would keep the tensors alive."""
    try:
        outcomes = entries[0].model.analyze([entry.prepared for entry in entries])
        if len(outcomes) != len(entries):
            raise RuntimeError(f"{len(outcomes)} outcomes for {len(entries)} articles")
    except Exception as error:
        if any(sign in str(error) for sign in _FATAL_SIGNS):
            raise ModelLost(
                f"the model's device was lost ({type(error).__name__}); run the same command again"
            ) from error
        logger.warning("a batch of %d failed", len(entries), exc_info=True)
        return (), error.with_traceback(None)
    return outcomes, None


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, on the host or on a device (torch's own error has no base here)."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )


def _own_error(error: Exception) -> Exception:
    if is_out_of_memory(error):
        return OutOfMemory("This article needs more memory than there is; send less of it.", 30)
    return AnalysisFailed("The model failed on this article; its reason is in the service's log.")
