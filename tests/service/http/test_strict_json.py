"""JSON as the RFC means it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import MalformedBody, ServiceError
from service.http.strict_json import loads

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False)
INNER = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(st.text(), SCALARS, max_size=4)
VALUES = st.lists(INNER, max_size=4) | st.dictionaries(st.text(), INNER, max_size=4) | SCALARS
FINITE = VALUES.filter(lambda value: "Infinity" not in json.dumps(value))


@given(FINITE, st.booleans())
def test_json_reads_back(value: Any, ascii_only: bool) -> None:
    assert loads(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text(alphabet='[]{}",:\\a1 \n', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = loads(text)
    except ServiceError:
        return
    assert value == json.loads(text)


@pytest.mark.parametrize("part", ["[]", "{}", '"a"', ""])
def test_a_text_of_too_many_parts_is_refused(part: str) -> None:
    with pytest.raises(MalformedBody, match="more than 1000 parts"):
        loads(f"[{','.join([part] * 100_000)}]")


@pytest.mark.parametrize("text", ["[1] [2]", "[1],[2]", "[1]]", "[1", "[1,]", "[,1]", "[1,,2]", ""])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(MalformedBody):
        loads(text)


def test_long_runs_of_escapes_are_read_in_linear_time() -> None:
    assert len(loads('["' + '\\"' * 500_000 + '"]')[0]) == 500_000
    with pytest.raises(MalformedBody):
        loads('"' + '\\"' * 500_000)


@pytest.mark.parametrize("fill", ["a", '\\"', "\\\\", "\\u0041", "[,", "é"])
@pytest.mark.parametrize("length", [511, 512, 513, 262_144, 300_001])
def test_a_string_of_any_length_is_one_part(fill: str, length: int) -> None:
    text = f'["{fill * length}", "b"]'
    assert loads(text) == json.loads(text)
    with pytest.raises(MalformedBody):
        loads(f'["{fill * length}')
