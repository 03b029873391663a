"""Errors of a command, as one line on standard error and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from models.errors import NutgrafError
from service.archive.errors import ArchiveError
from service.printable import printable_line

EXIT_REFUSED = ArchiveError.exit_status


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Ends the command where an error of ours is raised: with its message and its exit status."""
    try:
        yield
    except NutgrafError as error:
        end(str(error), getattr(error, "exit_status", EXIT_REFUSED))


def end(reason: str, status: int = EXIT_REFUSED) -> NoReturn:
    """Ends the command with one line on standard error."""
    typer.echo(f"nutgraf: {printable_line(reason)}", err=True)
    raise typer.Exit(status)
