"""`nutgraf promote`, `rollback` and `versions`: which version of a model serves."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from service.archive.errors import storage
from service.cli.errors import one_line_errors
from service.current import artifact_of, is_registry
from service.printable import as_text, printable_line

if TYPE_CHECKING:
    from service.promotion.promote import Report
    from service.promotion.registry import Author, Registry
    from service.promotion.replay import Replay

Directory = Annotated[Path, typer.Option("--registry", help="Directory of the registry.")]
By = Annotated[str | None, typer.Option(help="Who does it.", show_default="who is logged in")]
Why = Annotated[str, typer.Option(help="Why, for the history.")]


def promote(
    candidate: Annotated[
        Path, typer.Argument(help="Directory of the artifact, or another registry.")
    ],
    registry: Directory,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Held-out texts: JSONL, CSV or Parquet with the columns text, title, "
            "topic, target, stance."
        ),
    ] = None,
    archive: Annotated[
        list[str] | None,
        typer.Option(
            help="A recent archive to show what changes in; repeatable.", metavar="<path>"
        ),
    ] = None,
    text_column: Annotated[str, typer.Option(help="Where the archive's text is.")] = "text",
    limit: Annotated[int | None, typer.Option(min=1, help="Rows of the archive to read.")] = None,
    tolerance: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="How much worse still counts as no worse.")
    ] = 0.01,
    allow_missing_tasks: Annotated[
        bool, typer.Option("--allow-missing-tasks", help="It may lack tasks and readers.")
    ] = False,
    skip: Annotated[
        list[str] | None,
        typer.Option(help="A task that does not decide; repeatable.", metavar="<task>"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compare, and change nothing.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write the report, as JSON, here too.")
    ] = None,
    by: By = None,
    why: Why = "",
) -> None:
    """Let a model serve, if it is shown to be no worse than the one that serves.

    Both answer the same texts, which neither was trained on. Of each task, the 95 % interval of the
    difference must lie above minus the tolerance. The exit status is 6 where the candidate is
    refused, and 2 where nothing can be compared. The first model of a registry needs no texts.
    NUTGRAF_MAX_ERROR is that of the service: labels that it withholds are not shown here either.
    """
    from service.archive.rows import InputColumns  # not for `--help`
    from service.promotion import promote as promotion
    from service.promotion.errors import CandidateRefused
    from service.promotion.registry import Registry

    with one_line_errors():
        candidate, versions = artifact_of(candidate), Registry(registry)
        criteria = promotion.Criteria(
            data,
            tuple(archive or ()),
            InputColumns(text_column),
            limit,
            tolerance,
            allow_missing_tasks,
            tuple(skip or ()),
        )
        found = promotion.examine(candidate, versions, criteria)
        _say(_lines(found))
        if report is not None:
            with storage(as_text(report)):
                report.write_text(json.dumps(found.to_json(), indent=1) + "\n", "utf-8")
        if found.reasons:
            raise CandidateRefused(f"refused: {'; '.join(found.reasons)}")
        if dry_run:
            _say(["it would be promoted"])
            return
        version = promotion.promote(candidate, versions, found, _author(by, why))
        _say([f"{version.name} serves"])


def rollback(registry: Directory, by: By = None, why: Why = "") -> None:
    """Let the version serve again that the current one has replaced; twice, the one before it."""
    from service.promotion.registry import Registry

    with one_line_errors():
        switch = Registry(registry).rollback(_author(by, why))
    _say([f"{switch.version} serves"])


def versions(registry: Directory) -> None:
    """List the versions that are there, the one that serves, and all changes."""
    from service.promotion.errors import PromotionError
    from service.promotion.registry import Registry

    with one_line_errors():
        if not is_registry(registry):
            raise PromotionError(f"{registry}: no version serves there; promote one")
        _say(_versions(Registry(registry)))


def _author(by: str | None, why: str) -> Author:
    from service.promotion.registry import Author

    try:
        return Author(by or getpass.getuser(), why)
    except (KeyError, OSError, ImportError):  # a container whose user has no name
        return Author(f"user {os.getuid()}", why)


def _say(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        typer.echo(printable_line(line))


def _versions(registry: Registry) -> Iterator[str]:
    history = registry.history
    line = [switch.version for switch in registry.line]
    for version in registry.versions():
        is_current = bool(line) and version.name == line[-1]
        is_previous = len(line) > 1 and version.name == line[-2]
        mark = "serves" if is_current else "before" if is_previous else ""
        yield f"{mark:6}  {version.name}  {version.digest or 'damaged'}"
    for switch in history:
        why = f": {switch.why}" if switch.why else ""
        yield f"{switch.at}  {switch.action:8}  {switch.version}  by {switch.by}{why}"


def _lines(report: Report) -> Iterator[str]:
    """What is told of a report."""
    from service.promotion.compare import Verdict, interval

    if report.comparison is None:
        yield "no version serves yet: it is compared with nothing"
        return
    yield f"{'answers':16}  {'figure':15}  {'texts':>6}  {'now':>6}  {'then':>6}  difference"
    for each in report.comparison.figures:
        found, needed = each.found, ""
        if each.verdict is Verdict.TOO_FEW:
            needed = f", about {each.needed} are needed"
        yield (
            f"{each.group.name:16}  {each.name:15}  {found.texts:6}  {found.before:6.4f}  "
            f"{found.after:6.4f}  {interval(found)}  {each.verdict}{needed}"
        )
    for group, labels in report.comparison.by_label.items():
        for label, found in labels.items():
            if found.high < 0 or found.low > 0:
                word = "worse" if found.high < 0 else "better"
                yield f"{group}, of {label}: F1 is {word}, {interval(found)}"
    yield from report.comparison.notes
    if report.replay is not None:
        yield from _replay_lines(report.replay)


def _replay_lines(replay: Replay) -> Iterator[str]:
    changed = sum(replay.changed.values())
    few = f"; the {len(replay.most)} that move most:" if replay.most else ""
    yield f"{changed:,} of {replay.labels:,} labels change in {replay.rows:,} rows{few}"
    for change in replay.most:
        name = "" if change.id is None else f" ({change.id})"
        place = f"{change.file}:{change.line}{name}"
        before, after = (label or "withheld" for label in (change.before, change.after))
        yield f"  {place}  {change.task}: {before} → {after}  {change.moved:.2f}"
    if replay.rejected:
        yield f"{replay.rejected:,} rows could not be read"
    if replay.failed:
        yield f"on {replay.failed:,} articles it fails, and the one that serves does not"
