"""`nutgraf score`: archives, from the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from models.article import Options
from models.artifact import manifest as artifact
from service.archive import progress, scoring
from service.archive.errors import EXIT_REJECTED
from service.archive.formats import FORMATS, PARQUET
from service.archive.formats.format import Format
from service.archive.rows import InputColumns
from service.archive.run_config import RunConfig
from service.archive.scorer import Scorer
from service.archive.statistics import RunStatistics
from service.cli.errors import end, one_line_errors
from service.cli.options import read_target, with_flags
from service.cli.scorers import EngineChoice, open_local, open_ray
from service.current import artifact_of
from service.printable import printable_line
from service.settings import SHIPPED_MODEL, Settings, read

EXIT_INTERRUPTED = 130
ON_RAY: Any = {"rich_help_panel": "With --engine ray"}

Opener = Callable[[RunConfig, Settings], AbstractContextManager[Scorer]]


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise typer.BadParameter(f"--format is one of {', '.join(FORMATS)}")
    return FORMATS[name]


def _where(conditions: Iterable[str]) -> tuple[tuple[str, str], ...]:
    parts = [condition.partition("=") for condition in conditions]
    if not all(column and equals for column, equals, _ in parts):
        raise typer.BadParameter("--where takes column=value")
    return tuple((column, value) for column, _, value in parts)


@with_flags(without=("targets",))
def score(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="JSONL (also .gz), CSV and Parquet files, globs, directories.", metavar="INPUTS..."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Directory for scores, rejects and the manifest.")],
    options: Options,
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
    format_name: Annotated[
        str, typer.Option("--format", metavar=f"<{'|'.join(FORMATS)}>", help="Of the scores.")
    ] = PARQUET.name,
    full: Annotated[
        bool, typer.Option(help="Add the whole analysis of each row, as JSON.")
    ] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Read the rows that have this value; all of them, if repeated.",
            metavar="<column=value>",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read that many rows.")] = None,
    max_rejected: Annotated[
        int | None, typer.Option(min=0, help="Stop when more rows than that are rejected.")
    ] = None,
    restart: Annotated[bool, typer.Option(help="Delete what is there and start again.")] = False,
    json_progress: Annotated[bool, typer.Option(help="Progress as lines of JSON.")] = False,
    engine: Annotated[EngineChoice, typer.Option(help="Where to score.")] = EngineChoice.LOCAL,
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
    model: Annotated[
        Path, typer.Option(help="Directory of the artifact.", show_default="the shipped one")
    ] = SHIPPED_MODEL,
) -> None:
    """Score archives. Stopped at any point, the same command goes on from there.

    The exit status is 0, 3 where rows were rejected, 2 where the run cannot begin or go on, 4 past
    --max-rejected, and 5 where the disk is full or failed. NUTGRAF_DEVICE, NUTGRAF_DTYPE,
    NUTGRAF_THREADS and NUTGRAF_MAX_BATCH_TOKENS are those of the service; on Ray, a worker has
    NUTGRAF_THREADS cores, 1 by default.
    """
    with one_line_errors():
        settings = read(model=artifact_of(model))
    if engine is EngineChoice.LOCAL and (workers or gpus_per_worker):
        raise typer.BadParameter("--workers and --gpus-per-worker go with --engine ray")
    openers: Mapping[EngineChoice, Opener] = {
        EngineChoice.LOCAL: open_local,
        EngineChoice.RAY: partial(open_ray, ray_address, workers, gpus_per_worker),
    }
    config = RunConfig(
        inputs=tuple(inputs),
        output=output,
        columns=InputColumns(
            text_column, title_column, id_column, target_column, date_column, _where(where or ())
        ),
        options=settings.applied(options),
        target=read_target(target),
        format=_format(format_name),
        limit=limit,
        full=full,
        max_batch_tokens=settings.max_batch_tokens,
    )
    with one_line_errors(), ended_by_hand(), shown(as_json=json_progress) as shows:
        manifest = scoring.score(
            config,
            artifact.digest(settings.model),
            lambda: openers[engine](config, settings),
            shows,
            max_rejected=max_rejected,
            restart=restart,
        )
    statistics = RunStatistics.of(manifest)
    lines = [json.dumps(statistics.to_json())] if json_progress else statistics.lines()
    typer.echo("\n".join(map(printable_line, lines)))
    if statistics.rejected:
        raise typer.Exit(EXIT_REJECTED)


@contextmanager
def ended_by_hand() -> Iterator[None]:
    """Ends the command with one line where someone interrupts it."""
    try:
        yield
    except KeyboardInterrupt:
        end("stopped; the same command goes on from here", EXIT_INTERRUPTED)


@contextmanager
def shown(*, as_json: bool) -> Iterator[progress.Progress]:
    """Progress on standard error: a bar on a terminal, lines of text or JSON elsewhere."""
    if as_json or not sys.stderr.isatty():
        yield progress.json_lines() if as_json else progress.log_lines()
        return
    with progress.Bar() as bar:
        yield bar
