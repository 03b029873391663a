"""How a task is measured: what is asked of labelled texts, and what the answers are worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.analysis import Span
from models.article import Kind, Options
from models.tasks.calibration import Fit
from models.tasks.judged import Judged


@dataclass(frozen=True, slots=True)
class TargetGold:
    """The stance toward a target that people gave, and what its figures are grouped by.

    `kind` is None where it is not known. `evidence` are the marked spans of the text
    that show the stance best. `group` is any other value, such as the error of a false claim.
    """

    stance: str
    kind: Kind | None = None
    evidence: tuple[Span, ...] = ()
    group: str | None = None


@dataclass(frozen=True, slots=True)
class SubjectGold:
    """What people said an article is about, and the names and issues that they asked about."""

    subject: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """The result for a labelled text, beside what was asked and what people answered.

    `gold` is what the task's column of the data holds. `sentences` are those that were read.
    """

    text: str
    gold: Any
    options: Options
    sentences: tuple[str, ...]
    result: Any


def _no_judged(_: Sequence[Answered]) -> Mapping[str, list[Judged]]:
    return {}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The metrics of a task.

    `asked` says what to ask of a text with some gold. `figures` are the metrics, in named groups.
    `judged` are label answers in named groups, for `fits`: what is calibrated, by the same names.
    `completed` is the section after those fits with what else is fitted, by a neutral model and the
    texts to choose by.
    """

    asked: Callable[[Any], Sequence[Options]]
    figures: Callable[[Sequence[Answered]], Mapping[str, Mapping[str, Any]]]
    judged: Callable[[Sequence[Answered]], Mapping[str, list[Judged]]] = _no_judged
    fits: Mapping[str, Fit] = field(default_factory=dict)
    completed: Callable[[Any, Any, Sequence[Any]], Any] = lambda section, *_: section
