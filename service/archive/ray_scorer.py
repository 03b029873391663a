"""A scorer on a Ray cluster: engines in processes of their own, on this machine or on many.

Ray places the workers, and restarts those that died. Here they are given shards. The output of a
shard does not depend on which worker scores it, or how often: it has the bytes that the local
engine gives with the same model, number format, batch budget and threads on a processor or GPU of
the same kind. With another number of threads, or on another kind, a sum may be split in another way
and differ in its last digit. Four decimals are written, so little of that is seen.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from models.article import Article
from models.errors import NutgrafError
from service.archive.errors import ClusterFailed
from service.archive.ray_worker import Worker, WorkerAnswer
from service.archive.scorer import Numerics, OnRead, ScoredShard
from service.inference.model import Model
from service.inference.preparation import PreparingPool

TRIES = 3
"""How many workers may die of one shard, and how often one may die of loading its model."""
SHARDS_AHEAD = 2
"""How many shards for each worker may be read before the first of them is done."""
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


@dataclass(slots=True)
class ShardTask:
    """A shard that is to be scored, and how many workers died of it."""

    number: int
    articles: Sequence[Article]
    deaths: int = 0


class ClusterScorer:
    """Gives each free worker the next shard, and yields their answers in order.

    A shard whose worker died goes to another. A worker is free once it has loaded its model: one
    that Ray still has to place, or to start again, keeps no shard waiting.
    """

    def __init__(self, workers: Sequence[Handle]) -> None:
        self._free: deque[Handle] = deque()
        self._sent: dict[Ref, tuple[Handle, ShardTask | None]] = {}
        self._most_ahead = SHARDS_AHEAD * len(workers)
        self._numerics: Numerics | None = None
        for worker in workers:
            self._call(worker)
        self.numerics = self._wait()

    def _wait(self) -> Numerics:
        """Until a worker has loaded its model. All workers have to have its numerics."""
        while self._numerics is None:
            self._receive()
        return self._numerics

    def __call__(
        self, shards: Iterable[Sequence[Article]], on_read: OnRead = lambda _: None
    ) -> Iterator[ScoredShard]:
        """Raises ClusterFailed once all before the shard that it concerns are scored."""
        fresh = map(ShardTask, count(), shards)
        waiting: deque[ShardTask] = deque()
        done: dict[int, ScoredShard | ClusterFailed] = {}
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
                task, scored = self._receive()
                if task and not scored and task.deaths < TRIES:
                    waiting.appendleft(task)
                elif task:
                    done[task.number] = scored or ClusterFailed(DEADLY)
                    on_read(len(task.articles))

    def _call(self, worker: Handle) -> None:
        """Have a worker score no articles: it loads its model for that. Then it is free."""
        self._sent[worker.score.options(max_task_retries=TRIES).remote([])] = worker, None

    def _send(self, worker: Handle, task: ShardTask) -> None:
        self._sent[worker.score.remote(task.articles)] = worker, task

    def _receive(self) -> tuple[ShardTask | None, ScoredShard | None]:
        """The shard that comes back first, with its scores. Without, the worker died of it."""
        if not self._sent:
            raise ClusterFailed(DESERTED)
        (ref,), _ = ray.wait(list(self._sent), num_returns=1)
        worker, task = self._sent.pop(ref)
        try:
            answer: WorkerAnswer = ray.get(ref)
        except RayTaskError as error:
            raise _reason(error) from None
        except RayError:
            if task:  # a worker that died of loading its model is given up
                task.deaths += 1
                self._call(worker)
            return task, None
        self._check(answer.numerics)
        self._free.append(worker)
        return task, answer.scored

    def _check(self, numerics: Numerics) -> None:
        self._numerics = self._numerics or numerics
        if numerics != self._numerics:
            raise ClusterFailed(
                f"some workers compute in {numerics}, others in {self._numerics}; name one for all "
                "of them with NUTGRAF_DEVICE and NUTGRAF_DTYPE"
            )


def _scored(result: ScoredShard | ClusterFailed) -> ScoredShard:
    if isinstance(result, ClusterFailed):
        raise result
    return result


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
    """Workers on the cluster at an address. None starts a cluster on this machine, and ends it.

    `load` is called in each worker, `digest` is that of the model it has to give; `open_pool` opens
    what prepares articles for it. Raises ClusterFailed, or what `load` raises.
    """
    with redirect_stdout(None), connected(address):  # Ray reports deaths there
        arguments = (load, open_pool, digest, budget_tokens, full)
        workers = [_start(size, *arguments) for _ in range(_count(size))]
        try:
            yield ClusterScorer(workers)
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
            _check_listening(address)
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


def _check_listening(address: str) -> None:
    """Raises OSError where nobody listens at `host:port`. Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.removeprefix("ray://"), int(port)), REACHED_WITHIN_S).close()
