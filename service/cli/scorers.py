"""What scores an archive: the engine in this process, or engines on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from enum import StrEnum
from functools import partial

from models.artifact import manifest as artifact
from service.archive.errors import ClusterFailed
from service.archive.run_config import RunConfig
from service.archive.scorer import Scorer
from service.settings import Settings


class EngineChoice(StrEnum):
    """Where an archive is scored."""

    LOCAL = "local"
    RAY = "ray"


@contextmanager
def open_local(config: RunConfig, settings: Settings) -> Iterator[Scorer]:
    """The engine in this process. Raises ArtifactError or ModelFailed."""
    from service.archive.scorer import LocalScorer
    from service.inference import load
    from service.inference.bisection import prove
    from service.inference.preparation import PreparingPool

    engine = load.load_engine(settings)
    with closing(PreparingPool.of(engine, settings)) as preparing:
        prove(engine)
        preparing.prove()
        budget_tokens = settings.max_batch_tokens
        yield LocalScorer(engine, budget_tokens, full=config.full, prepare=preparing.begin)


def open_ray(
    address: str | None,
    workers: int | None,
    gpus_per_worker: float,
    config: RunConfig,
    settings: Settings,
) -> AbstractContextManager[Scorer]:
    """Engines on a Ray cluster, each with as many cores as it has threads. Raises ClusterFailed."""
    try:
        from service.archive import ray_scorer
    except ModuleNotFoundError as error:
        raise ClusterFailed(
            f"{error.name} is not installed; --engine ray needs: pip install 'nutgraf[ray]'"
        ) from None
    from service.inference import load
    from service.inference.preparation import PreparingPool

    size = ray_scorer.Size(workers, settings.threads or 1, gpus_per_worker)
    device = ("cuda" if size.gpus else "cpu") if settings.device == "auto" else settings.device
    sent = settings.model_dump(include={"dtype", "max_batch_tokens", "reader"})  # no keys
    sent |= {"model": settings.model.resolve(), "device": device, "threads": size.threads}
    sent["prepare_processes"] = (
        size.threads if settings.prepare_processes is None else settings.prepare_processes
    )
    its_settings = Settings.model_construct(**sent)
    return ray_scorer.opened(
        address,
        size,
        partial(load.load_engine, its_settings),
        partial(PreparingPool.of, settings=its_settings),
        digest=artifact.digest(settings.model),
        budget_tokens=settings.max_batch_tokens,
        full=config.full,
    )
