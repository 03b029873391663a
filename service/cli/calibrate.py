"""`nutgraf calibrate`: a desk's own texts say under which limits on errors a model answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models import registry
from models.tasks.limits import Table, smallest_limit, texts_needed
from service.archive import labelled
from service.archive.errors import InputRefused, storage
from service.cli.errors import one_line_errors
from service.current import artifact_of
from service.printable import printable_line
from service.settings import SHIPPED_MODEL, read

if TYPE_CHECKING:
    from service.inference.model import Model

ADVISED_LIMIT = 0.05
NEEDED_TEXTS = texts_needed(ADVISED_LIMIT)
NEEDED = f"a limit of {ADVISED_LIMIT:.0%} needs {NEEDED_TEXTS}, and more where any is wrong"


def calibrate(
    data: Annotated[
        Path,
        typer.Argument(
            help="JSONL, CSV or Parquet with the columns text, title, topic, target, stance."
        ),
    ],
    output: Annotated[Path, typer.Option(help="Where the copy of the artifact goes.")],
    model: Annotated[
        Path, typer.Option(help="Directory of the artifact.", show_default="the shipped one")
    ] = SHIPPED_MODEL,
) -> None:
    """Copy a model, with limits on errors (--max-error) that hold for texts like yours.

    The texts are to be drawn at random from those that will be read, and not trained on. Any of
    topic and stance may be there; a stance without a target is toward the article's own subject.
    """
    with one_line_errors():
        if output.exists():
            raise InputRefused(f"{output} is there already; name another directory")
        model = artifact_of(model)
        counted = _counted(data, model)
        groups = {group: table for tables in counted.values() for group, table in tables.items()}
        if not any(map(_is_enough, groups.values())):
            most = max((_answers(table) for table in groups.values()), default=0)
            raise InputRefused(f"{data}: there are {most} texts with a label; {NEEDED}")
        digest = _copy(model, output, counted)
    for group, table in groups.items():
        typer.echo(printable_line(f"{group}: {_answers(table)} texts; {_told(table)}"))
    typer.echo(printable_line(f"{output} {digest}"))


def _counted(data: Path, directory: Path) -> dict[str, dict[str, Table]]:
    """The tables of errors of each task that texts in a file have labels for."""
    if not data.is_file():
        raise InputRefused(f"{data}: no such file")
    from models.artifact import artifact  # not for `--help`
    from models.tasks.predictions import answered, tables
    from service.inference import load

    engine: Model = load.load_engine(read(model=directory), parallel=1)
    names = {which: [label.name for label in each] for which, each in engine.info.labels.items()}
    texts = labelled.read(data, names)
    sections = artifact.load(directory, whole=False).tasks
    found = {}
    for name in engine.info.tasks:
        task = registry.get(name)
        evaluation = task.load_evaluation() if task.gold in labelled.GOLD else None
        if evaluation is not None:
            judged = evaluation.judged(answered(engine, task, texts))
            found[name] = tables(evaluation, judged, sections[name].calibration)
    return found


def _copy(directory: Path, output: Path, counted: Mapping[str, Mapping[str, Table]]) -> str:
    """Saves the model with other tables: those that have enough texts. Returns its digest."""
    from models.artifact import artifact

    model = artifact.load(directory)
    tasks: dict[str, Any] = dict(model.tasks)
    for name, tables in counted.items():
        enough = {group: table for group, table in tables.items() if _is_enough(table)}
        tasks[name] = replace(tasks[name], limits=enough)
    with storage("the artifact"):
        return artifact.save(replace(model, tasks=tasks), output)


def _answers(table: Table) -> int:
    return table[-1].answered


def _is_enough(table: Table) -> bool:
    return _answers(table) >= NEEDED_TEXTS


def _told(table: Table) -> str:
    if not _is_enough(table):
        return f"too few, so all are withheld under a limit: {NEEDED}"
    least = smallest_limit(table)
    if least is None:
        return "too often wrong: all are withheld under any limit"
    return f"answers from --max-error {least:g} on"
