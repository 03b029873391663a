"""The command `nutgraf`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from models.article import MAX_SUMMARY_WORDS, MIN_SUMMARY_WORDS, Options, Style
from models.errors import NutgrafError
from service import settings
from service.cli import archive
from service.http import port
from service.keys import new_key
from service.printable import printable_line
from service.settings import SHIPPED_MODEL

EXIT_REFUSED = 2

app = typer.Typer(
    help="Topic, stance and short summary of news articles.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """The console entry."""
    app()


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    add_help_option=False,
)
def serve(context: typer.Context) -> None:
    """Answer over HTTP. Each setting is a flag; `nutgraf serve --help` lists them."""
    try:
        chosen = settings.read(context.args)
        if chosen.is_exposed:
            refuse(
                f"{chosen.host} is open to others: set NUTGRAF_API_KEYS (`nutgraf key NAME` makes "
                "one), or NUTGRAF_ALLOW_OPEN=true where the network is trusted"
            )
        sockets = port.take(chosen.host, chosen.port)
        from service.api import (
            server,  # not for `--help`: they take a second
            workers,
        )

        run = workers.run if chosen.workers > 1 else server.serve
        status = run(chosen, sockets)
    except NutgrafError as error:
        refuse(str(error))
    raise typer.Exit(status)


@app.command()
def analyze(
    file: Annotated[str, typer.Argument(help="A text or HTML file; - is standard input.")],
    target: Annotated[
        list[str] | None, typer.Option(help="Whom or what to take a stance toward; repeatable.")
    ] = None,
    style: Annotated[Style, typer.Option(help="How the summary is made.")] = Style.WRITTEN,
    max_words: Annotated[
        int, typer.Option(min=MIN_SUMMARY_WORDS, max=MAX_SUMMARY_WORDS, help="Longest summary.")
    ] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    model: Annotated[Path, typer.Option(help="Directory of the artifact.")] = SHIPPED_MODEL,
) -> None:
    """Print topic, stance and summary of one article, and where in it they come from."""
    targets = archive.read_targets(target or ())
    options = Options(targets=targets, style=style, max_words=max_words)
    from service.cli import terminal  # not for `--help`

    try:
        chosen = settings.read(model=model)
        terminal.analyze(read_file(file), options, chosen, as_json=as_json)
    except NutgrafError as error:
        refuse(str(error))


@app.command()
def key(name: Annotated[str, typer.Argument(help="Whose key it is, as logs will show.")]) -> None:
    """Make an API key: the secret for the client, the entry for NUTGRAF_API_KEYS."""
    secret, entry = new_key(name)
    typer.echo(f"secret  {secret}\nentry   {entry}")


app.command()(archive.score)
app.command()(archive.report)


def read_file(name: str) -> str:
    """The text of a file, or of standard input; exits where there is none."""
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        refuse(f"{name}: {error.strerror}")
    except UnicodeDecodeError:
        refuse(f"{name}: not UTF-8 text; convert it first")


def refuse(reason: str) -> NoReturn:
    """One line on standard error, and the exit status of a refusal."""
    typer.echo(f"nutgraf: {printable_line(reason)}", err=True)
    raise typer.Exit(EXIT_REFUSED)
