"""The options of an analysis as flags of a command."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import typer
from annotated_types import Ge, Le
from pydantic import TypeAdapter, ValidationError

from models.article import Target
from service import validation
from service.options import Option, spread

T = TypeVar("T")


def with_flags(without: Sequence[str] = ()) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Decorates a command that takes `options`: each of them becomes a flag."""
    return lambda command: spread(command, _flag, _refused, without)


def read_target(target: str | None) -> str | None:
    """The one target of a command. Exits where it is none."""
    try:
        return None if target is None else TypeAdapter(Target).validate_python(target)
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        raise typer.BadParameter(f"--target: {validation.plain(found)}") from None


def _flag(option: Option) -> Any:
    """The annotation of an option's flag. A list is a flag that may be repeated."""
    limits: dict[str, Any] = {}
    for limit in option.limits:
        if isinstance(limit, Ge):
            limits["min"] = limit.ge
        elif isinstance(limit, Le):
            limits["max"] = limit.le
    if option.is_set:
        help_ = f"{option.description} Some of {', '.join(option.names)}, with commas."
        return Annotated[str | None, typer.Option(help=help_, metavar="<names>")]
    if option.is_list:
        help_ = f"{option.description} Repeatable."
        return Annotated[list[str], typer.Option(_name_of(option), help=help_, metavar="<text>")]
    return Annotated[option.type, typer.Option(help=option.description, **limits)]


def _name_of(option: Option) -> str:
    name = option.name.removesuffix("s") if option.is_list else option.name
    return f"--{name.replace('_', '-')}"


def _refused(error: ValidationError) -> Exception:
    found = error.errors(include_url=False)[0]
    name = str(found["loc"][0]).replace("_", "-")
    return typer.BadParameter(f"--{name}: {validation.plain(found)}")
