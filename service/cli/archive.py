"""The commands over archives: `nutgraf score` and `nutgraf report`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from models.article import (
    MAX_SUMMARY_WORDS,
    MAX_TARGET_CHARS,
    MAX_TARGETS,
    MIN_SUMMARY_WORDS,
    Options,
    Style,
)
from models.artifact import manifest as artifact
from models.errors import NutgrafError
from models.tasks import registry
from service.archive import progress, scoring
from service.archive.errors import EXIT_REJECTED, ArchiveError, ClusterFailed
from service.archive.rows import Columns
from service.archive.run_config import RunConfig
from service.archive.scorer import Scorer
from service.archive.statistics import RunStatistics
from service.archive.writers import Format
from service.printable import as_text, printable_line
from service.settings import SHIPPED_MODEL, Settings, read

EXIT_INTERRUPTED = 130
NUMBERS_DEPEND_ON = {"device", "dtype", "max_batch_tokens"}
ON_RAY: Any = {"rich_help_panel": "With --engine ray"}

Opener = Callable[[RunConfig, Settings], AbstractContextManager[Scorer]]


class EngineKind(StrEnum):
    """Where an archive is scored."""

    LOCAL = "local"
    RAY = "ray"


def _tasks(listed: str) -> frozenset[str]:
    try:
        return registry.known(name.strip() for name in listed.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{error}, separated by commas") from None


def _where(conditions: Iterable[str]) -> tuple[tuple[str, str], ...]:
    parts = [condition.partition("=") for condition in conditions]
    if not all(column and equals for column, equals, _ in parts):
        raise typer.BadParameter("--where takes column=value")
    return tuple((column, value) for column, _, value in parts)


def read_targets(given: Sequence[str]) -> tuple[str, ...]:
    """The targets of a command line, within the limits of those of a request."""
    if len(given) > MAX_TARGETS:
        raise typer.BadParameter(f"--target is given at most {MAX_TARGETS} times")
    if any(len(target) > MAX_TARGET_CHARS for target in given):
        raise typer.BadParameter(f"--target has at most {MAX_TARGET_CHARS} characters")
    return tuple(given)


def score(
    inputs: Annotated[
        list[str],
        typer.Argument(help="JSONL (also .gz), CSV and Parquet files, globs, directories."),
    ],
    output: Annotated[Path, typer.Option(help="Directory for scores, rejects and the manifest.")],
    text_column: Annotated[str, typer.Option(help="Where the text is.")] = "text",
    title_column: Annotated[
        str | None, typer.Option(help="Where the headline is; else `title`, if it is there.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="What rows are called; else `id`, if it is there.")
    ] = None,
    date_column: Annotated[str | None, typer.Option(help="When it appeared, for charts.")] = None,
    target: Annotated[str | None, typer.Option(help="Take all stances toward this.")] = None,
    target_column: Annotated[str | None, typer.Option(help="Each row's own target.")] = None,
    tasks: Annotated[
        str | None, typer.Option(help="What is asked, comma-separated; else all.")
    ] = None,
    style: Annotated[Style, typer.Option(help="How summaries are made.")] = Style.WRITTEN,
    max_words: Annotated[
        int, typer.Option(min=MIN_SUMMARY_WORDS, max=MAX_SUMMARY_WORDS, help="Longest summary.")
    ] = 60,
    form: Annotated[Format, typer.Option("--format", help="Of the scores.")] = Format.PARQUET,
    full: Annotated[
        bool, typer.Option(help="Add the whole analysis of each row, as JSON.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(help="column=value: read the rows that have it; all of them, if repeated."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read that many rows.")] = None,
    max_rejected: Annotated[
        int | None, typer.Option(min=0, help="Stop when more rows than that are rejected.")
    ] = None,
    restart: Annotated[bool, typer.Option(help="Drop what is there and begin anew.")] = False,
    json_progress: Annotated[bool, typer.Option(help="Progress as lines of JSON.")] = False,
    engine: Annotated[EngineKind, typer.Option(help="Where to score.")] = EngineKind.LOCAL,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Engines; else as many as find room.", **ON_RAY)
    ] = None,
    gpus_per_worker: Annotated[
        float, typer.Option(min=0, max=1, help="A GPU, or a share of one.", **ON_RAY)
    ] = 0.0,
    ray_address: Annotated[
        str | None,
        typer.Option(envvar="RAY_ADDRESS", help="A cluster; else this machine.", **ON_RAY),
    ] = None,
    model: Annotated[Path, typer.Option(help="Directory of the artifact.")] = SHIPPED_MODEL,
) -> None:
    """Score archives. Stopped at any point, the same command goes on from there.

    The exit status is 0, 3 where rows were rejected, 2 where the run cannot begin or go on, 4 past
    --max-rejected, and 5 where the disk is full or failed. NUTGRAF_DEVICE, NUTGRAF_DTYPE,
    NUTGRAF_THREADS and NUTGRAF_MAX_BATCH_TOKENS are those of the service; on Ray, a worker has
    NUTGRAF_THREADS cores, 1 by default.
    """
    with stops():
        settings = read(model=model)
    if engine is EngineKind.LOCAL and (workers or gpus_per_worker):
        raise typer.BadParameter("--workers and --gpus-per-worker go with --engine ray")
    openers: Mapping[EngineKind, Opener] = {
        EngineKind.LOCAL: open_local,
        EngineKind.RAY: partial(open_ray, ray_address, workers, gpus_per_worker),
    }
    request = RunConfig(
        inputs=tuple(inputs),
        output=output,
        columns=Columns(
            text_column, title_column, id_column, target_column, date_column, _where(where or ())
        ),
        options=Options(tasks=_tasks(tasks) if tasks else None, style=style, max_words=max_words),
        target=read_targets([target])[0] if target else None,
        format=form,
        limit=limit,
        full=full,
        engine=settings.model_dump(mode="json", include=NUMBERS_DEPEND_ON),
    )
    with stops(), shown(as_json=json_progress) as shows:
        manifest = scoring.score(
            request,
            artifact.digest(model),
            lambda: openers[engine](request, settings),
            shows,
            max_rejected=max_rejected,
            restart=restart,
        )
    closing = RunStatistics.of(manifest)
    lines = [json.dumps(closing.to_json())] if json_progress else closing.lines()
    typer.echo("\n".join(map(printable_line, lines)))
    if closing.rejected:
        raise typer.Exit(EXIT_REJECTED)


def report(
    directory: Annotated[Path, typer.Argument(help="The output directory of a run.")],
    output: Annotated[
        Path | None, typer.Option(help="The page; report.html in the directory.")
    ] = None,
) -> None:
    """Write a page with charts of a run's topics and stances, over time where it has dates."""
    from service.archive import report as page

    path = output or directory / "report.html"
    with stops():
        page.write(directory, path)
    typer.echo(printable_line(as_text(path)))


@contextmanager
def stops() -> Iterator[None]:
    """Ends the command with one line and the exit status of what stopped it."""
    try:
        yield
    except NutgrafError as error:
        typer.echo(f"nutgraf: {printable_line(str(error))}", err=True)
        status = error.exit_status if isinstance(error, ArchiveError) else ArchiveError.exit_status
        raise typer.Exit(status) from None
    except KeyboardInterrupt:
        typer.echo("nutgraf: stopped; the same command goes on from here", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None


@contextmanager
def shown(*, as_json: bool) -> Iterator[progress.Progress]:
    """Progress on standard error, as whoever reads it likes it."""
    if as_json or not sys.stderr.isatty():
        yield progress.json_lines() if as_json else progress.log_lines()
        return
    with progress.Bar() as bar:
        yield bar


@contextmanager
def open_local(request: RunConfig, settings: Settings) -> Iterator[Scorer]:
    """The engine in this process. Raises ArtifactError or ModelFailed."""
    from service.archive.scorer import LocalScorer
    from service.inference import load
    from service.inference.bisection import prove
    from service.inference.preparation import PreparingPool

    engine = load.load_engine(settings)
    prove(engine)
    with closing(PreparingPool.of(engine, settings)) as preparing:
        preparing.prove()
        budget_tokens = settings.max_batch_tokens
        yield LocalScorer(engine, budget_tokens, full=request.full, prepare=preparing.begin)


def open_ray(
    address: str | None,
    workers: int | None,
    gpus_per_worker: float,
    request: RunConfig,
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
    sent = settings.model_dump(include={"dtype", "max_batch_tokens", "prepare_cpu_s"})  # no keys
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
        full=request.full,
    )
