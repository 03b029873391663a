"""The command `nutgraf`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from pydantic_settings import CliApp

from models.article import MAX_SUMMARY_WORDS, MIN_SUMMARY_WORDS, Options, Style
from models.errors import NutgrafError
from service import commands
from service.keys import new_key
from service.printable import printable_line
from service.settings import SHIPPED_MODEL, Settings

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
    settings = read_settings(context.args)
    if settings.is_exposed:
        refuse(
            f"{settings.host} is open to others: set NUTGRAF_API_KEYS (`nutgraf key NAME` makes "
            "one), or NUTGRAF_ALLOW_OPEN=true where the network is trusted"
        )
    from service import server, workers  # not for `--help`: they take a second

    try:
        status = workers.run(settings) if settings.workers > 1 else server.serve(settings)
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
    targets = commands.read_targets(target or ())
    options = Options(targets=targets, style=style, max_words=max_words)
    from service import terminal  # not for `--help`

    try:
        terminal.analyze(read_file(file), options, Settings(model=model), as_json=as_json)
    except NutgrafError as error:
        refuse(str(error))


@app.command()
def key(name: Annotated[str, typer.Argument(help="Whose key it is, as logs will show.")]) -> None:
    """Make an API key: the secret for the client, the entry for NUTGRAF_API_KEYS."""
    secret, entry = new_key(name)
    typer.echo(f"secret  {secret}\nentry   {entry}")


app.command()(commands.score)
app.command()(commands.report)


def read_settings(flags: Sequence[str]) -> Settings:
    """The settings of flags and environment, flags first; exits where they are not valid."""
    try:
        return CliApp.run(Settings, cli_args=list(flags))
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(str(step) for step in first["loc"]).upper()
        refuse(f"NUTGRAF_{name}: {first['msg']}" if name else first["msg"])


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
