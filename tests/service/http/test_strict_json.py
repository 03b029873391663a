"""JSON as the RFC means it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import MalformedBody, ServiceError, TooManyItems
from service.http.strict_json import loads, split_array

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
INNER = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(st.text(), SCALARS, max_size=4)
VALUES = st.lists(INNER, max_size=4) | st.dictionaries(st.text(), INNER, max_size=4) | SCALARS
FINITE = VALUES.filter(lambda value: "Infinity" not in json.dumps(value))


@given(FINITE, st.booleans())
def test_json_reads_back(value: Any, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.lists(FINITE, min_size=1, max_size=5), st.sampled_from([None, 2]))
def test_an_array_is_split_into_its_items(items: list[Any], indent: int | None) -> None:
    parts = split_array(json.dumps(items, indent=indent), max_items=5)
    assert [json.loads(part) for part in parts] == items


@given(st.text(alphabet='[]{}",:\\a1 \n', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for read in (loads, lambda text: [loads(part) for part in split_array(text, 5)]):
        try:
            value = read(text)
        except ServiceError:
            continue
        assert value == json.loads(text)


@pytest.mark.parametrize(
    "text", ["[1] [2]", "[1],[2]", "[1]]", "[1", "[1,]", "[,1]", "[1,,2]", "1"]
)
def test_what_is_no_array_is_refused(text: str) -> None:
    with pytest.raises(MalformedBody):
        split_array(text, max_items=5)


def test_an_array_of_too_many_items_is_refused_at_once() -> None:
    with pytest.raises(TooManyItems):
        split_array("[" + "1," * 100_000 + "1]", max_items=10)


def test_the_bound_on_parts_is_for_each_item() -> None:
    full = json.dumps(["a"] * 60)
    assert len(split_array(f"[{','.join([full] * 500)}]", max_items=500)) == 500
    large = json.dumps(["a"] * 400)
    assert len(split_array(f"[{','.join([large, *[full] * 20])}]", max_items=21)) == 21


def test_many_items_of_many_parts_are_refused_before_all_are_looked_at() -> None:
    with pytest.raises(MalformedBody, match="128 each"):
        split_array(f"[{','.join(['[' + ',' * 990 + ']'] * 1000)}]", max_items=1000)


def test_long_runs_of_escapes_are_read_in_linear_time() -> None:
    assert len(loads('["' + '\\"' * 500_000 + '"]')[0]) == 500_000
    with pytest.raises(MalformedBody):
        loads('"' + '\\"' * 500_000)


@pytest.mark.parametrize("fill", ["a", '\\"', "\\\\", "\\u0041", "[,", "é"])
@pytest.mark.parametrize("length", [511, 512, 513, 262_144, 300_001])
def test_a_string_of_any_length_is_one_part(fill: str, length: int) -> None:
    text = f'["{fill * length}", "b"]'
    assert [json.loads(item) for item in split_array(text, 2)] == json.loads(text)
    with pytest.raises(MalformedBody):
        split_array(f'["{fill * length}', 2)
