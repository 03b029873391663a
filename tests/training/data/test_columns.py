"""What the values of a column may be, and which column is meant."""

from __future__ import annotations

from typing import Any

import pytest

from training.data.columns import cleaned, suggested, way_out

NAN = float("nan")


@pytest.mark.parametrize(
    ("name", "value", "clean"),
    [
        ("text", NAN, None),
        ("topic", NAN, None),
        ("targets", None, None),
        ("topic", 3, "3"),
        ("topic", 3.0, "3"),
        ("also", "sport", "sport"),
        ("also", ["sport", "law"], ["sport", "law"]),
        ("id", 7, 7),
        ("evidence", [[[0, 1]]], [[[0, 1]]]),
    ],
)
def test_a_value_is_used_as_it_is_or_as_what_it_means(name: str, value: Any, clean: Any) -> None:
    assert cleaned(name, value) == clean


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("text", 3, "'text' is a number, and must be text"),
        ("topic", 3.5, "'topic' is a number"),
        ("stance", {"a": 1}, "'stance' is an object"),
        ("also", {"a": 1}, "'also' is an object, and must be a list of texts"),
        ("stances", "favor", "'stances' is text, and must be a list of texts"),
        ("sentences", ["a", None], "'sentences' has nothing in it, and must hold texts alone"),
        ("targets", ["\udc80"], "'targets' has half of a character"),
    ],
)
def test_what_is_wrong_with_a_value_is_told(name: str, value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        cleaned(name, value)


@pytest.mark.parametrize(
    ("ours", "columns", "found"),
    [
        ("text", ["Text", "body"], "Text"),
        ("text", ["id", "Full-Text"], "Full-Text"),
        ("text", ["id", "txt"], "txt"),
        ("topic", ["text", "Label"], "Label"),
        ("stance", ["text", "sentiment"], "sentiment"),
        ("topic", ["text", "xyz"], None),
    ],
)
def test_the_column_that_is_meant_is_found(
    ours: str, columns: list[str], found: str | None
) -> None:
    assert suggested(ours, columns) == found


def test_the_way_out_lists_the_columns_and_names_one() -> None:
    assert way_out(["text"], ["", "Body", "x"]) == (
        "it has 'Body', 'x'; name it in the config, as in columns = { text = \"Body\" }"
    )
    assert way_out(["text"], ["x"]) == "it has 'x'; name it in the config"
    assert "it has none" in way_out(["text"], [])
    assert "secret" not in way_out(["text"], ["secret " * 20])
