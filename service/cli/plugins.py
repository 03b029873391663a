"""Commands of other packages, such as `nutgraf train`: what they register as entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint
from typing import Any

import typer

from service.cli.errors import end, one_line_errors

GROUP = "nutgraf.commands"
"""An entry point of this group names a `typer.Typer`, or a function that typer takes."""
EXTRAS = {"training": "train"}
"""The extras that packages need, where they are called otherwise than the command."""

AS_THEY_ARE: Any = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}


def add(app: typer.Typer, found: Iterable[EntryPoint]) -> None:
    """Adds a command for each entry point. It is loaded when the command runs, not for `--help`."""
    for entry in found:
        package = entry.module.partition(".")[0]
        app.command(
            entry.name,
            help=f"Commands of {package}; `nutgraf {entry.name} --help` lists them.",
            context_settings=AS_THEY_ARE,
            add_help_option=False,
        )(_runner(entry))


def _runner(entry: EntryPoint) -> Callable[[typer.Context], None]:
    def run(context: typer.Context) -> None:
        with one_line_errors():
            try:
                command = _loaded(entry)
                command(args=context.args, prog_name=context.command_path)
            except ModuleNotFoundError as error:
                extra = EXTRAS.get(entry.module.partition(".")[0], entry.name)
                missing = (error.name or "").partition(".")[0]
                end(
                    f"{entry.name} needs {missing}, which is not installed; install nutgraf with "
                    f"the extra for it: pip install 'nutgraf[{extra}]'"
                )

    return run


def _loaded(entry: EntryPoint) -> Callable[..., Any]:
    loaded = entry.load()
    if not isinstance(loaded, typer.Typer):
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        app.command()(loaded)
        loaded = app
    return typer.main.get_command(loaded)
