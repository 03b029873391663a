"""What a worker on a Ray cluster does: an engine in a process of its own, which is given shards."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from models.article import Article
from service.archive.errors import ClusterFailed
from service.archive.scorer import LocalScorer, Numerics, ScoredShard
from service.inference.bisection import ModelLost, prove
from service.inference.model import Model
from service.inference.preparation import PreparingPool


class WorkerAnswer(NamedTuple):
    """A shard that was scored, and what its numbers were computed in."""

    scored: ScoredShard
    numerics: Numerics


class Worker:
    """Its process ends when the model's device is lost.

    The model is loaded for the first shard, not before: Ray restarts a process without limit, but
    a shard has a number of tries.
    """

    def __init__(
        self,
        load: Callable[[], Model],
        open_pool: Callable[[Model], PreparingPool],
        digest: str,
        budget_tokens: int,
        full: bool,
    ) -> None:
        self._load = load
        self._open_pool = open_pool
        self._digest = digest
        self._budget_tokens = budget_tokens
        self._full = full

    def score(self, articles: Sequence[Article]) -> WorkerAnswer:
        """Raises ClusterFailed where the model here is not the run's, ModelFailed where it does not
        work, and what loading it raises."""
        try:
            (scored,) = self._scorer([articles])
        except ModelLost:
            os._exit(1)
        return WorkerAnswer(scored, self._scorer.numerics)

    @cached_property
    def _scorer(self) -> LocalScorer:
        prepare = self._open_pool(self._model).begin
        return LocalScorer(self._model, self._budget_tokens, full=self._full, prepare=prepare)

    @cached_property
    def _model(self) -> Model:
        model = self._load()
        if model.info.digest != self._digest:
            raise ClusterFailed(
                f"a worker on {socket.gethostname()} found another model than this run's; put the "
                "same artifact there, under the same path"
            )
        prove(model)
        return model
