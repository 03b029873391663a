"""What the service needs of an engine. `models.engine.Engine` is one; tests bring their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from models.analysis import Analysis
from models.article import Article, Options, Tier
from models.errors import AnalysisError

if TYPE_CHECKING:  # importing the engine takes seconds, and only `serve` and `analyze` need it
    from models.engine import ModelInfo


class Prepared(Protocol):
    """An article that is ready for the model: `windows` rows of at most `longest_tokens`.

    `reader` is the one that judges it, None where nothing is asked that a reader answers.
    """

    @property
    def tokens(self) -> int: ...
    @property
    def longest_tokens(self) -> int: ...
    @property
    def windows(self) -> int: ...
    @property
    def options(self) -> Options: ...
    @property
    def reader(self) -> Tier | None: ...


class Model(Protocol):
    """`preparer` may be used in any thread, `analyze` in `parallel` at a time."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def parallel(self) -> int: ...

    @property
    def preparer(self) -> Callable[[Article], Any]:
        """Makes a `Prepared` that this model alone can analyse, or raises ArticleError.

        It can be pickled, to be used in other processes, and may have a `warm_up`.
        """

    def analyze(self, batch: Sequence[Any]) -> list[Analysis | AnalysisError]:
        """One outcome an article, in order. May raise anything: then the whole batch failed. An
        ArtifactError: a reader that one of them needs cannot be loaded.
        """

    def warm_up(self) -> None:
        """Forward passes over a text of its own. Raises where they give no answer: ArtifactError
        where the model is at fault, anything else where it is the machine."""
