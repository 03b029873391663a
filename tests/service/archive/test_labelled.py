"""A desk's labels are read from any format, and what is none of the model's is one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.archive.errors import InputRefused
from service.archive.labelled import read

LABELS = {
    "topic": ["sport", "health"],
    "stance": ["favor", "against", "unrelated"],
    "overall": ["favor", "against"],
}
CSV = """text,title,topic,target,stance
Rain fell.,Storm,sport,,against
Rain fell.,Storm,health,the mayor,favor
Snow fell.,,,the mayor,unrelated
Hail fell.,,,,
"""


def test_rows_of_a_text_are_one_text(tmp_path: Path) -> None:
    path = tmp_path / "desk.csv"
    path.write_text(CSV)
    rain, snow = read(path, LABELS)
    assert (rain.text, rain.title, rain.topics) == ("Rain fell.", "Storm", ["sport", "health"])
    said = {target: gold.stance for target, gold in rain.gold("stances").items()}
    assert said == {None: "against", "the mayor": "favor"}
    assert (snow.topics, list(snow.stances)) == ([], ["the mayor"])
    assert snow.gold("summary") is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("topics.csv", "text,topic\nRain fell.,sport\n"),
        ("own.csv", "text,stance\nRain fell.,favor\n"),
        ("own.jsonl", json.dumps({"text": "Rain fell.", "stance": "favor"})),
    ],
)
def test_columns_may_be_missing(tmp_path: Path, name: str, content: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    (text,) = read(path, LABELS)
    assert bool(text.topics) != bool(text.stances)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": "Rain.", "topic": "zanzibar"}, "line 1: its label is none of the model's"),
        ({"text": "Rain.", "stance": "unrelated"}, "favor, against"),
        ({"text": "", "topic": "sport"}, "line 1: there is no text to read"),
    ],
)
def test_a_row_that_says_nothing_right_is_one_line(
    tmp_path: Path, row: dict[str, str], reason: str
) -> None:
    path = tmp_path / "desk.jsonl"
    path.write_text(json.dumps(row))
    with pytest.raises(InputRefused, match=reason) as caught:
        read(path, LABELS)
    assert "zanzibar" not in str(caught.value)
