"""`nutgraf analyze`: one article, for a person at a terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from models.article import Options
from service import settings
from service.cli.errors import end, one_line_errors
from service.cli.options import with_flags
from service.settings import SHIPPED_MODEL


@with_flags()
def analyze(
    file: Annotated[str, typer.Argument(help="A text or HTML file; - is standard input.")],
    options: Options,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    model: Annotated[
        Path, typer.Option(help="Directory of the artifact.", show_default="the shipped one")
    ] = SHIPPED_MODEL,
) -> None:
    """Print topic, stance and summary of one article, and where in it they come from."""
    from service.cli import terminal  # not for `--help`

    with one_line_errors():
        chosen = settings.read(model=model)
        terminal.analyze(read_file(file), chosen.applied(options), chosen, as_json=as_json)


def read_file(name: str) -> str:
    """The text of a file, or of standard input. Ends the command where there is none."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        end(f"{name}: {error.strerror}")
    except UnicodeDecodeError:
        end(f"{name}: not UTF-8 text; convert it first")
