"""What a client reads of a value that is refused: our words, and nothing of what it sent."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pydantic_core import ErrorDetails, core_schema

from service.errors import InvalidRequest, problem_of
from service.schemas import read_article
from service.settings import Settings
from service.validation import is_nameable, nearest, plain

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


LIMITS = dict.fromkeys(("gt", "ge", "lt", "le", "min_length", "max_length"), 7)
CONTEXT = {"expected": "'a' or 'b'", "pattern": "^a$", "error": ValueError("send one"), **LIMITS}


@pytest.mark.parametrize("kind", get_args(core_schema.ErrorType))
def test_no_error_of_the_library_speaks_in_its_words(kind: str) -> None:
    told = plain({"type": kind, "msg": "Input should be a valid string", "ctx": CONTEXT})
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
            "`tasks.0`: It is not one of 'topic', 'stance' or 'summary'.",
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
            "There is no field `xyz` in `summary`; there are style, max_words.",
        ),
        (
            {"summary": {"style": "written", "<b>": 1}},
            "The name of field 2 in `summary` is not known; there are style, max_words.",
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
    found: list[ErrorDetails] = []
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
