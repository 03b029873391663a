"""The command `nutgraf`: a module for each command, and those of other packages."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Annotated

import typer

from service.cli import feedback, plugins
from service.cli.analyze import analyze
from service.cli.calibrate import calibrate
from service.cli.key import key
from service.cli.promotion import promote, rollback, versions
from service.cli.report import report
from service.cli.score import score
from service.cli.serve import PLAIN_ARGUMENTS, serve
from service.version import package_version

app = typer.Typer(
    help="Topic, stance and short summary of news articles.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The console entry."""
    app()


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nutgraf {package_version()}")
        raise typer.Exit


@app.callback()
def nutgraf(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Topic, stance and short summary of news articles."""


app.command(context_settings=PLAIN_ARGUMENTS)(serve)
app.command()(analyze)
app.command()(score)
app.command()(report)
app.command()(calibrate)
app.command()(promote)
app.command()(rollback)
app.command()(versions)
app.command()(key)
app.add_typer(feedback.app, name="feedback")
plugins.add(app, entry_points(group=plugins.GROUP))
