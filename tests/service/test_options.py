"""One definition: a field of `Options` is a field of the body, a query parameter and a flag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
import typer
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from models import registry
from models.article import Kind, Options, Style, Tier
from service.api.app import create_app
from service.api.lifecycle import Service
from service.cli.main import app
from service.options import of_json, of_texts, options, to_json
from service.settings import Settings
from tests.support.stand_in_model import StandIn

ALONE = {"targets"}
"""Options of one article; the rows of an archive have a column for them, or one for all."""

some_options = st.builds(
    Options,
    targets=st.lists(st.sampled_from(["the bill", "rain, snow"]), max_size=2).map(tuple),
    tasks=st.none() | st.sets(st.sampled_from(registry.names()), min_size=1).map(frozenset),
    style=st.sampled_from(Style),
    max_words=st.integers(10, 300),
    edits=st.booleans(),
    clean=st.booleans(),
    strict=st.booleans(),
    kind=st.none() | st.sampled_from(Kind),
    reader=st.none() | st.sampled_from(Tier),
    max_error=st.none() | st.floats(0.001, 0.499),
)


@pytest.fixture(scope="module")
def document() -> Iterator[dict[str, Any]]:
    service = Service(Settings(prepare_processes=0), lambda _: StandIn())
    served: FastAPI = create_app(service)
    yield served.openapi()
    service.scheduler.preparing.close()


def limits(schema: dict[str, Any]) -> dict[str, Any]:
    """Limits and default of a schema, wherever in it they stand."""
    found = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    inner: dict[str, Any] = limits(found[0]) if found else {}
    names = ("minimum", "maximum", "minItems", "maxItems", "default")
    return {name: value for name, value in (inner | schema).items() if name in names}


def expected(name: str) -> dict[str, Any]:
    """The limits and the default of an option, as JSON schema has them."""
    (option,) = (one for one in options() if one.name == name)
    found: dict[str, Any] = {}
    for limit in option.limits:
        for ours, theirs in (("ge", "minimum"), ("le", "maximum")):
            if hasattr(limit, ours):
                found[theirs] = getattr(limit, ours)
        for ours, theirs in (("min_length", "minItems"), ("max_length", "maxItems")):
            if hasattr(limit, ours):
                found[theirs] = getattr(limit, ours)
    return found | {"default": to_json(Options())[name]}


@pytest.mark.parametrize("name", [field.name for field in fields(Options)])
def test_every_option_is_a_field_of_the_body(document: dict[str, Any], name: str) -> None:
    (option,) = (one for one in options() if one.name == name)
    holder = "SummaryOptions" if option.within == "summary" else "AnalyzeRequest"
    body = document["components"]["schemas"][holder]["properties"]
    assert body[name]["description"] == option.description
    assert limits(body[name]) == expected(name)


@pytest.mark.parametrize("name", [f.name for f in fields(Options) if f.name not in ALONE])
def test_every_option_is_a_parameter_of_a_job(document: dict[str, Any], name: str) -> None:
    query = {one["name"]: one for one in document["paths"]["/v1/jobs"]["post"]["parameters"]}
    (option,) = (one for one in options() if one.name == name)
    found, wanted = limits(query[name]["schema"]), expected(name)
    if option.is_set:
        wanted = {}
    elif option.default is None:
        del wanted["default"]
    assert query[name]["description"].startswith(option.description)
    assert found == wanted


@pytest.mark.parametrize("command", ["analyze", "score"])
@pytest.mark.parametrize("name", [field.name for field in fields(Options)])
def test_every_option_is_a_flag(command: str, name: str) -> None:
    commands: Any = typer.main.get_command(app)
    flags = {flag.name: flag for flag in commands.commands[command].params}
    (option,) = (one for one in options() if one.name == name)
    if command == "score" and name in ALONE:
        assert name not in flags
        return
    flag = flags[name]
    assert flag.help.startswith(option.description)
    wanted = expected(name)
    assert (flag.min, flag.max) == (wanted.get("minimum"), wanted.get("maximum"))
    assert flag.default == wanted["default"]


@pytest.mark.parametrize(
    ("name", "choices"), [("kind", ["entity", "issue", "claim"]), ("reader", ["full", "fast"])]
)
def test_an_option_that_is_one_of_some_names_says_which(
    document: dict[str, Any], name: str, choices: list[str]
) -> None:
    schemas = document["components"]["schemas"]
    query = {one["name"]: one for one in document["paths"]["/v1/jobs"]["post"]["parameters"]}
    for schema in (schemas["AnalyzeRequest"]["properties"][name], query[name]["schema"]):
        (one, none) = schema["anyOf"]
        assert none == {"type": "null"}
        found = schemas[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
        assert found["enum"] == choices
    assert of_texts({name: choices[-1]}) == of_json({name: choices[-1]})


@given(some_options)
def test_options_read_back_from_json(chosen: Options) -> None:
    assert of_json(to_json(chosen)) == chosen


@given(some_options)
def test_options_read_back_from_texts(chosen: Options) -> None:
    given = to_json(chosen) | {"tasks": chosen.tasks and " , ".join(chosen.tasks)}
    assert of_texts(given) == chosen


@pytest.mark.parametrize(
    "given",
    [
        {"tasks": ""},
        {"tasks": "topic,"},
        {"tasks": "weather"},
        {"max_words": 9},
        {"max_words": 301},
        {"targets": ["x" * 501]},
        {"targets": ["…"]},
        {"targets": ["x"] * 21},
        {"style": "short"},
        {"kind": "name"},
        {"reader": "slow"},
        {"max_error": 0},
        {"max_error": 0.5},
        {"max_error": "nan"},
    ],
)
def test_what_is_past_a_limit_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        of_texts(given)


def test_what_is_left_out_has_its_default() -> None:
    assert of_texts({}) == of_json({"other": 1}) == Options()
    assert Options().tasks is None
