"""`nutgraf report`: a page about a run over an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from service.cli.errors import one_line_errors
from service.printable import as_text, printable_line


def report(
    directory: Annotated[Path, typer.Argument(help="The output directory of a run.")],
    output: Annotated[
        Path | None, typer.Option(help="The page; report.html in the directory.")
    ] = None,
) -> None:
    """Write a page with charts of a run's topics and stances, over time where it has dates."""
    from service.archive import report as page  # not for `--help`

    path = output or directory / "report.html"
    with one_line_errors():
        page.write(directory, path)
    typer.echo(printable_line(as_text(path)))
