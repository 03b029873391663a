"""A scorer on a Ray cluster: engines in processes of their own, on this machine or on many.

Ray places the workers and starts one anew that died; here they are given shards. What a shard comes
to does not depend on who scores it or how often: it has the bytes that the local engine gives with
the same model, number format, batch budget and threads on a processor or GPU of the same kind. With
another number of threads, or on another kind, a sum may be split otherwise and end in another last
digit, of which little is seen in the four decimals that are written.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from itertools import count, islice
from typing import Any, NamedTuple

import ray
from ray.exceptions import RayError, RayTaskError

from models.article import Article
from models.errors import NutgrafError
from service.archive.errors import ClusterFailed
from service.archive.scorer import LocalScorer, OnRead, Scored
from service.inference.bisection import ModelLost, prove
from service.inference.model import Model
from service.inference.preparation import PreparingPool

TRIES = 3
"""So many workers may die of a shard, and a worker so often of loading its model."""
SHARDS_AHEAD = 2
"""So many shards for each worker may be read before the first of them is done."""
REACHED_WITHIN_S = 10.0
DEADLY = (
    f"{TRIES} workers died of the shard after the last finished one; Ray's logs say how. Where "
    "memory is short, fewer --workers leave each of them more"
)
DESERTED = (
    "no worker is left; Ray's logs say why. Every machine of the cluster needs this version of "
    "nutgraf[ray], and memory for as many models as it has workers"
)

Handle = Any  # Ray's types know an actor's methods, but not their options
Ref = Any


@dataclass(frozen=True, slots=True)
class Size:
    """What each worker takes, and how many there are: None is as many as find room."""

    workers: int | None = None
    threads: int = 1
    gpus: float = 0.0


class Answer(NamedTuple):
    """A shard that was scored, and the number format it was computed in."""

    scored: Scored
    dtype: str


class Worker:
    """An engine in a process of its own, which is lost with it.

    The model is loaded for the first shard, not before: Ray starts a process again without end, but
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

    def score(self, articles: Sequence[Article]) -> Answer:
        """Raises ClusterFailed where the model here is not the run's, ModelFailed where it does not
        work, or as the model's loading."""
        try:
            (scored,) = self._scorer([articles])
        except ModelLost:
            os._exit(1)
        return Answer(scored, self._model.info.dtype)

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


@dataclass(slots=True)
class ShardTask:
    """A shard on its way to be scored, and how many workers died of it."""

    number: int
    articles: Sequence[Article]
    deaths: int = 0


class ClusterScorer:
    """Gives each free worker the next shard, and gives what they answer in order.

    A shard whose worker died goes to another. A worker is free once it has loaded its model: one
    that Ray still has to place, or to start again, keeps no shard waiting.
    """

    def __init__(self, workers: Sequence[Handle]) -> None:
        self._free: deque[Handle] = deque()
        self._sent: dict[Ref, tuple[Handle, ShardTask | None]] = {}
        self._most_ahead = SHARDS_AHEAD * len(workers)
        self._dtype: str | None = None
        for worker in workers:
            self._call(worker)

    def wait(self) -> None:
        """Until a worker is free. Raises ClusterFailed, or what the loading of the model raises."""
        while not self._free:
            self._receive()

    def __call__(
        self, shards: Iterable[Sequence[Article]], on_read: OnRead = lambda _: None
    ) -> Iterator[Scored]:
        """Raises ClusterFailed once all before the shard that it concerns are scored."""
        fresh = map(ShardTask, count(), shards)
        waiting: deque[ShardTask] = deque()
        done: dict[int, Scored | ClusterFailed] = {}
        read = due = 0
        while True:
            if not waiting and read < due + self._most_ahead:
                waiting.extend(islice(fresh, 1))
                read += len(waiting)
            if waiting and self._free:
                self._send(self._free.popleft(), waiting.popleft())
            elif due in done:
                yield _scored(done.pop(due))
                due += 1
            elif due == read:
                return
            else:
                errand, scored = self._receive()
                if errand and not scored and errand.deaths < TRIES:
                    waiting.appendleft(errand)
                elif errand:
                    done[errand.number] = scored or ClusterFailed(DEADLY)
                    on_read(len(errand.articles))

    def _call(self, worker: Handle) -> None:
        """Have a worker load its model, which scoring nothing does; then it is free."""
        self._sent[worker.score.options(max_task_retries=TRIES).remote([])] = worker, None

    def _send(self, worker: Handle, errand: ShardTask) -> None:
        self._sent[worker.score.remote(errand.articles)] = worker, errand

    def _receive(self) -> tuple[ShardTask | None, Scored | None]:
        """What comes back first, with what was scored; without, where the worker died of it."""
        if not self._sent:
            raise ClusterFailed(DESERTED)
        (ref,), _ = ray.wait(list(self._sent), num_returns=1)
        worker, errand = self._sent.pop(ref)
        try:
            answer: Answer = ray.get(ref)
        except RayTaskError as error:
            raise _reason(error) from None
        except RayError:
            if errand:  # a worker that died of loading its model is given up
                errand.deaths += 1
                self._call(worker)
            return errand, None
        self._check(answer.dtype)
        self._free.append(worker)
        return errand, answer.scored

    def _check(self, dtype: str) -> None:
        self._dtype = self._dtype or dtype
        if dtype != self._dtype:
            raise ClusterFailed(
                f"some workers compute in {dtype}, others in {self._dtype}; name one for all of "
                "them with NUTGRAF_DTYPE"
            )


def _scored(outcome: Scored | ClusterFailed) -> Scored:
    if isinstance(outcome, ClusterFailed):
        raise outcome
    return outcome


def _reason(error: RayTaskError) -> NutgrafError:
    """What a worker raised."""
    if isinstance(error.cause, NutgrafError):
        return error.cause
    return ClusterFailed(f"a worker failed ({type(error.cause).__name__}); Ray's logs say where")


@contextmanager
def opened(
    address: str | None,
    size: Size,
    load: Callable[[], Model],
    open_pool: Callable[[Model], PreparingPool],
    *,
    digest: str,
    budget_tokens: int,
    full: bool,
) -> Iterator[ClusterScorer]:
    """Workers on the cluster at an address; None starts one on this machine, and ends it.

    `load` is called in each worker, `digest` is that of the model it has to give; `open_pool` opens
    what prepares articles for it. Raises ClusterFailed, or what `load` raises.
    """
    with redirect_stdout(None), connected(address):  # Ray tells of deaths there
        arguments = (load, open_pool, digest, budget_tokens, full)
        workers = [_start(size, *arguments) for _ in range(_count(size))]
        try:
            scorer = ClusterScorer(workers)
            scorer.wait()
            yield scorer
        finally:
            for worker in workers:
                ray.kill(worker)


def _start(size: Size, *arguments: object) -> Handle:
    actor = ray.remote(Worker).options(
        num_cpus=size.threads, num_gpus=size.gpus, max_restarts=-1, max_task_retries=0
    )
    return actor.remote(*arguments)


def _count(size: Size) -> int:
    """The workers to start. Raises ClusterFailed where not one finds room."""
    nodes: list[Any] = ray.nodes()  # type: ignore[no-untyped-call]
    room = sum(_room(node["Resources"], size) for node in nodes if node["Alive"])
    if not room:
        raise ClusterFailed(
            f"no machine of the cluster has {size.threads} cores and {size.gpus:g} GPUs for a "
            "worker; lower NUTGRAF_THREADS or --gpus-per-worker"
        )
    return size.workers or room


def _room(resources: Mapping[str, float], size: Size) -> int:
    """How many workers a machine can hold."""
    cores = int(resources.get("CPU", 0) / size.threads)
    return min(cores, int(resources.get("GPU", 0) / size.gpus)) if size.gpus else cores


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """A connection to a cluster, or to one of this machine's own; one that is there is used.

    A cluster that is started here has no dashboard and sends no usage report. Raises ClusterFailed.
    """
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        if address:
            _knock(address)
        ray.init(
            address or "local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.CRITICAL,
        )
    except (OSError, RuntimeError, ValueError) as error:
        where = f"at {address}" if address else "on this machine"
        raise ClusterFailed(
            f"no Ray cluster {where} ({str(error).splitlines()[0]}); where one asks for a token, "
            "set RAY_AUTH_MODE=token"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Raises OSError where nobody listens at `host:port`: Ray itself asks again for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.removeprefix("ray://"), int(port)), REACHED_WITHIN_S).close()
