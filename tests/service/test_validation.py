"""What a client reads of a value that is refused: our words, and nothing of what it sent."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import (
    AnyUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    TypeAdapter,
    ValidationError,
)

from models.article import Style
from service.api.schemas import read_article
from service.errors import InvalidRequest
from service.http.problems import problem_of
from service.settings import Settings
from service.validation import PLAIN, is_nameable, nearest, plain

LIBRARY = (
    "Value error",
    "Assertion",
    "Input should",
    "should have",
    "should match",
    "Extra inputs",
    "Field required",
    "valid string",
    "valid integer",
    "valid boolean",
    "unable to parse",
    "pydantic",
    "validation error",
)


def detail(value: Any) -> str:
    with pytest.raises(InvalidRequest) as refused:
        read_article(value)
    return problem_of(refused.value).detail


def assert_plain(text: str) -> None:
    assert not [words for words in LIBRARY if words.lower() in text.lower()], text
    assert "{" not in text
    assert text == text.strip()


def _refuse(_: object) -> object:
    raise ValueError("send one")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    number: int = Field(multiple_of=2)


CONSTRAINTS: list[tuple[Any, Any]] = [
    (str, 1), (Annotated[str, Field(min_length=3)], "a"), (int, "a"), (int, 1.5),
    (Annotated[str, Field(pattern="a")], "\ud800"),
    (Annotated[str, Field(max_length=3)], "aaaa"), (Annotated[str, Field(pattern="^a$")], "b"),
    (int, []), (int, "9" * 5000), (float, "a"), (float, []), (bool, "a"), (bool, []),
    (Annotated[float, Field(allow_inf_nan=False)], math.inf), (Annotated[int, Field(gt=3)], 3),
    (Annotated[int, Field(ge=3)], 2), (Annotated[int, Field(lt=3)], 3),
    (Annotated[int, Field(le=3)], 4), (Strict, 1), (Strict, {}), (Strict, {"number": 1}),
    (Strict, {"number": 2, "a b": 1}), (Style, "a"), (Literal["a", "b"], "c"), (list[int], 1),
    (Annotated[list[int], Field(min_length=3)], []), (tuple[int, int], [1]), (set[int], 1),
    (Annotated[list[int], Field(max_length=1)], [1, 2]), (dict[str, int], 1), (Path, 1),
    (Annotated[int, BeforeValidator(_refuse)], 1), (int | str, []), (datetime.date, "a"),
    (datetime.datetime, "a"), (datetime.timedelta, "a"), (UUID, "a"), (Decimal, "a"), (bytes, 1),
    (Callable[..., Any], 1), (AnyUrl, "a"), (frozenset[int], 1), (type[int], 1), (Json[int], "{"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), CONSTRAINTS)
def test_no_constraint_is_told_in_the_words_of_the_library(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    for error in refused.value.errors():
        assert_plain(plain(error))


@pytest.mark.parametrize("kind", [*PLAIN, "value_error", "of a version to come"])
def test_each_kind_of_error_has_a_clause(kind: str) -> None:
    context: dict[str, Any] = dict.fromkeys(("gt", "ge", "lt", "le", "min_length", "max_length"), 7)
    context |= {"expected": "'a' or 'b'", "error": ValueError("send one")}
    told = plain({"type": kind, "msg": "Input should be a valid string", "ctx": context})
    assert_plain(told)
    assert told[0].isupper()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, "Send either text or html."),
        ([], "It is not a JSON object."),
        ({"text": 1}, "`text`: It is not a string."),
        ({"text": ""}, "`text`: It is empty."),
        ({"text": "…"}, "`text`: There is no letter and no digit in it."),
        ({"html": "<p>…"}, "`html`: There is no letter and no digit in the text of the page."),
        ({"text": "a", "title": "b" * 1001}, "`title`: It is longer than 1000 characters."),
        ({"text": "a", "targets": "b"}, "`targets`: It is not a list."),
        ({"text": "a", "targets": ["b"] * 21}, "`targets`: It holds more than 20 items."),
        ({"text": "a", "targets": ["b", ""]}, "`targets.1`: It is empty."),
        ({"text": "a", "targets": ["b" * 501]}, "`targets.0`: It is longer than 500 characters."),
        ({"text": "a", "tasks": []}, "`tasks`: It is empty."),
        (
            {"text": "a", "tasks": ["b"]},
            "`tasks.0`: It is not one of 'topic', 'stance', 'summary', 'subject' or 'form'.",
        ),
        ({"text": "a", "clean": "yes"}, "`clean`: It is neither true nor false."),
        ({"text": "a", "summary": "short"}, "`summary`: It is not a JSON object."),
        (
            {"text": "a", "summary": {"style": "b"}},
            "`summary.style`: It is not one of 'written' or 'extractive'.",
        ),
        ({"text": "a", "summary": {"max_words": 9}}, "`summary.max_words`: It is less than 10."),
        ({"text": "a", "summary": {"max_words": 301}}, "`summary.max_words`: It is more than 300."),
        (
            {"text": "a", "summary": {"max_words": 10.5}},
            "`summary.max_words`: It is not a whole number.",
        ),
        (
            {"text": "a", "summary": {"max_words": True}},
            "`summary.max_words`: It is not a whole number.",
        ),
    ],
)
def test_each_constraint_is_told_with_its_limit(value: Any, told: str) -> None:
    assert detail(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"titel": "a"}, "There is no field `titel`; did you mean `title`?"),
        ({"Text": "a"}, "There is no field `Text`; did you mean `text`?"),
        ({"max_words": 40}, "There is no field `max_words`; did you mean `summary.max_words`?"),
        (
            {"summary": {"stile": "written"}},
            "There is no field `stile` in `summary`; did you mean `style`?",
        ),
        (
            {"summary": {"xyz": None}},
            "There is no field `xyz` in `summary`; there are style, max_words, edits.",
        ),
        (
            {"summary": {"style": "written", "<b>": 1}},
            "The name of field 2 in `summary` is not known; there are style, max_words, edits.",
        ),
    ],
)
def test_an_unknown_field_is_named_and_the_nearest_told(value: Any, told: str) -> None:
    assert detail({"text": "a", **value} if "Text" not in value else value) == told


@pytest.mark.parametrize("name", ["", "a b", "<b>", "é", "a" * 65, "9a", "a\n", "a.b", "-a"])
def test_a_name_that_is_no_identifier_is_told_by_its_position(name: str) -> None:
    assert not is_nameable(name)
    with pytest.raises(InvalidRequest) as refused:
        read_article({"text": "a", name: "zanzibar"})
    assert refused.value.fields[0].field == "(2)"
    assert str(refused.value).startswith("The name of field 2 is not known; there are text, ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "html", "title", "targets", "tasks", "summary", "max_words"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
)


@given(json_values)
def test_whatever_is_sent_is_an_article_or_refused_in_plain_words(value: Any) -> None:
    try:
        read_article(value)
    except InvalidRequest as refused:
        assert_plain(problem_of(refused).detail)
        for field in refused.fields:
            assert_plain(field.problem)


def test_settings_are_told_in_the_same_words() -> None:
    found: list[Mapping[str, Any]] = []
    for bad in ({"port": "x"}, {"port": 70_000}, {"dtype": "int8"}, {"drain_timeout_s": "soon"}):
        with pytest.raises(ValidationError) as refused:
            Settings(**bad)
        found += refused.value.errors()
    assert [plain(error) for error in found] == [
        "It is not a whole number",
        "It is more than 65535",
        "It is not one of 'auto', 'float32' or 'bfloat16'",
        "It is not a number",
    ]


def test_the_nearest_name_is_near() -> None:
    assert nearest("TITEL", ["text", "title"]) == "title"
    assert nearest("body", ["text", "title"]) is None
