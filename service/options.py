"""The options of an analysis in JSON, queries and flags, all derived from `models.article.Options`.

In a query and in a flag a set of names is one text, with commas between the names.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from annotated_types import DocInfo
from pydantic import TypeAdapter, ValidationError

from models.article import Options

T = TypeVar("T")

KEYWORD_ONLY = inspect.Parameter.KEYWORD_ONLY

_OPTIONS = TypeAdapter(Options)


@dataclass(frozen=True, slots=True)
class Option:
    """A field of `Options`. `limited` is its type with its limits, which pydantic knows."""

    name: str
    limited: Any
    default: Any

    @property
    def type(self) -> Any:
        """The type without its limits, and without None."""
        return _bare(self.limited)

    @property
    def limits(self) -> Sequence[Any]:
        return get_args(self.limited)[1:]

    @property
    def description(self) -> str:
        """What it means."""
        (found,) = (note for note in self.limits if isinstance(note, DocInfo))
        return str(found.documentation)

    @property
    def is_set(self) -> bool:
        return get_origin(self.type) is frozenset

    @property
    def is_list(self) -> bool:
        return get_origin(self.type) is tuple

    @property
    def names(self) -> list[str]:
        """The names that a set may hold."""
        schema = TypeAdapter(get_args(self.type)[0]).json_schema()
        return [str(name) for name in schema["enum"]]


def options(without: Collection[str] = ()) -> list[Option]:
    """All options, but for those named."""
    hints = get_type_hints(Options, include_extras=True)
    return [
        Option(one.name, hints[one.name], one.default)
        for one in fields(Options)
        if one.name not in without
    ]


def of_json(value: Mapping[str, Any]) -> Options:
    """Options from the members of a JSON object; other members are left alone.

    Raises pydantic's ValidationError.
    """
    return _OPTIONS.validate_python(value)


def to_json(chosen: Options) -> dict[str, Any]:
    """Options as the members of a JSON object."""
    members: dict[str, Any] = _OPTIONS.dump_python(chosen, mode="json")
    return members | {
        one.name: sorted(members[one.name]) for one in options() if one.is_set and members[one.name]
    }


def of_texts(values: Mapping[str, Any]) -> Options:
    """Options from a query or from flags. Raises pydantic's ValidationError."""
    members = {name: value for name, value in values.items() if value is not None}
    for one in options():
        if one.is_set and one.name in members:
            members[one.name] = [part.strip() for part in members[one.name].split(",")]
    return of_json(members)


def _bare(hint: Any) -> Any:
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    others = [one for one in get_args(hint) if one is not NoneType]
    return _bare(others[0]) if NoneType in get_args(hint) else hint


def spread(
    function: Callable[..., T],
    parameter: Callable[[Option], Any],
    refuse: Callable[[ValidationError], Exception],
    without: Sequence[str] = (),
) -> Callable[..., T]:
    """`function`, with a parameter for each option in place of its parameter `options`.

    `parameter` gives the annotation of an option's parameter. `refuse` gives the error to raise for
    pydantic's. FastAPI and typer read the signature.
    """
    taken = options(without)

    @functools.wraps(function)
    def spreading(**given: Any) -> T:
        values = {one.name: given.pop(one.name) for one in taken}
        try:
            chosen = of_texts(values)
        except ValidationError as error:
            raise refuse(error) from None
        return function(**given, options=chosen)

    parameters: list[inspect.Parameter] = []
    for found in inspect.signature(function, eval_str=True).parameters.values():
        if found.name == "options":
            parameters += [_parameter(one, parameter(one)) for one in taken]
        else:
            parameters.append(found.replace(kind=KEYWORD_ONLY))
    spreading.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spreading.__annotations__ = {one.name: one.annotation for one in parameters}
    return spreading


def _parameter(option: Option, annotation: Any) -> inspect.Parameter:
    default = option.default
    if option.is_set and default is not None:
        default = ",".join(sorted(default))
    elif option.is_list:
        default = list(default)
    return inspect.Parameter(option.name, KEYWORD_ONLY, default=default, annotation=annotation)
