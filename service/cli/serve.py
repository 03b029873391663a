"""`nutgraf serve`: the HTTP service. Its flags are the settings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from service import settings
from service.cli.errors import end, one_line_errors
from service.http import port
from service.settings import SEE_HELP, Settings
from service.validation import nearest

PLAIN_ARGUMENTS: Any = {"allow_extra_args": True, "ignore_unknown_options": True}
"""The command gets what click does not know, and refuses it without repeating a value."""

KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY
_FLAG = re.compile(r"--[a-z0-9-]{1,40}")


def serve(context: typer.Context, **given: Any) -> None:
    """Answer over HTTP. Each flag is also a variable: NUTGRAF_PORT for --port."""
    if context.args:
        end(refused(context.args))
    with one_line_errors():
        chosen = settings.read(**{name: given[name] for name in given if _is_given(context, name)})
        if chosen.is_exposed:
            end(
                f"{chosen.host} is open to others: set NUTGRAF_API_KEYS (`nutgraf key NAME` makes "
                "one), or NUTGRAF_ALLOW_OPEN=true where the network is trusted"
            )
        sockets = port.take(chosen.host, chosen.port)
        from service.api import server, workers  # not for `--help`: they take a second

        run = workers.run if chosen.workers > 1 else server.serve
        status = run(chosen, sockets)
    raise typer.Exit(status)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refused(arguments: Sequence[str]) -> str:
    """What is wrong with arguments that are no settings. Values are not repeated."""
    known = [flag_of(name) for name in Settings.model_fields]
    for argument in arguments:
        name = argument.partition("=")[0]
        if _FLAG.fullmatch(name):
            near = nearest(name, known)
            advice = f"did you mean {near}?" if near else SEE_HELP
            return f"{name} is no flag of `nutgraf serve`; {advice}"
    return f"there is a value without a flag; {SEE_HELP}"


def flag_of(setting: str) -> str:
    """The flag of a setting."""
    return f"--{setting.replace('_', '-')}"


def _parameter(name: str, field: FieldInfo) -> inspect.Parameter:
    """The flag of a setting as typer takes it: a switch, or text that `Settings` reads."""
    if field.annotation is bool:
        switch = Annotated[bool, typer.Option(flag_of(name), help=field.description)]
        return inspect.Parameter(name, KEYWORD_ONLY, default=field.default, annotation=switch)
    option = typer.Option(help=field.description, metavar=_metavar(field))
    annotation = Annotated[str | None, option]
    return inspect.Parameter(
        name, KEYWORD_ONLY, default=_shown(field.default), annotation=annotation
    )


def _shown(default: Any) -> str | None:
    """A default as the help shows it; None where there is nothing to show."""
    return None if default in (None, "", ()) or isinstance(default, Path) else str(default)


def _metavar(field: FieldInfo) -> str:
    """What a value of a setting is, in the help."""
    type_ = field.annotation
    if get_origin(type_) is Literal:
        return f"<{'|'.join(get_args(type_))}>"
    types = set(get_args(type_)) or {type_}
    return "<number>" if types & {int, float} else "<path>" if Path in types else "<text>"


_context, _ = inspect.signature(serve, eval_str=True).parameters.values()
_parameters = [_parameter(name, field) for name, field in Settings.model_fields.items()]
serve.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
    [_context.replace(kind=KEYWORD_ONLY), *_parameters]
)
