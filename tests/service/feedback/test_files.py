"""Files of Label Studio and doccano, as these programs write them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.archive.errors import InputRefused
from service.database.database import Database
from service.feedback import files
from service.feedback.correction import Correction
from service.feedback.rows import rows
from tests.support.feedback import record, store_in
from tests.support.stand_in_model import LABELS

SAID = [
    record(1, topic="sport", also=("weather",), stances={"rain": "favor", None: "neutral"}),
    record(2, by="bob", topic="sport", summary="It rained.", title="Rain"),
    record(3, text="Snow fell.", stances={"snow": "against"}),
]
LABEL_STUDIO = [
    {
        "id": 1,
        "created_at": "2021-03-09T21:52:49.513742Z",
        "updated_at": "2021-03-09T22:16:08.746926Z",
        "project": 83,
        "data": {"text": "Rain fell.", "title": "Rain"},
        "annotations": [
            {
                "id": "1001",
                "result": [
                    {
                        "from_name": "topic",
                        "id": "Dx_aB91ISN",
                        "source": "$text",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"choices": ["sport", "weather"]},
                        "origin": "manual",
                    },
                    {
                        "from_name": "stance",
                        "id": "zLSY-XLk64",
                        "to_name": "text",
                        "type": "taxonomy",
                        "value": {"taxonomy": [["rain", "favor"], ["the sun", "against"]]},
                    },
                    {
                        "from_name": "summary",
                        "id": "Yd_BW-pLht",
                        "to_name": "text",
                        "type": "textarea",
                        "value": {"text": ["It rained."]},
                    },
                    {
                        "from_name": "names",
                        "id": "gew3t9fgkg",
                        "to_name": "text",
                        "type": "labels",
                        "value": {"start": 0, "end": 4, "text": "Rain", "labels": ["THING"]},
                    },
                ],
                "was_cancelled": False,
                "ground_truth": False,
                "created_at": "2021-03-09T22:16:08.728353Z",
                "lead_time": 4.288,
                "task": 1,
                "completed_by": 10,
            },
            {"id": "1002", "result": [], "was_cancelled": True, "completed_by": 11},
        ],
        "predictions": [],
    },
    {
        "id": 2,
        "data": {"text": "Snow fell.", "target": "snow"},
        "annotations": [
            {
                "id": "1003",
                "result": [
                    {
                        "from_name": "topic",
                        "to_name": "text",
                        "type": "taxonomy",
                        "value": {"taxonomy": [["environment", "weather"]]},
                    },
                    {
                        "from_name": "stance",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"choices": ["neutral"]},
                    },
                    {
                        "from_name": "overall",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"choices": ["favor"]},
                    },
                ],
                "completed_by": {"id": 3, "email": "eve@desk.example", "first_name": "Eve"},
            }
        ],
    },
]
DOCCANO = [
    {"id": 1, "text": "Rain fell.", "label": ["weather"], "Comments": []},
    {"id": 2, "text": "Snow fell.", "labels": ["weather", "sport"]},
    {"id": 3, "text": "Nobody labelled this.", "label": []},
]


def read(tmp_path: Path, content: Any, **options: Any) -> list[Correction]:
    path = tmp_path / "labels.json"
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_text(text, "utf-8")
    return files.read(path, LABELS, **{"by": None, **options})


def lines(values: list[Any]) -> str:
    return "\n".join(json.dumps(value) for value in values)


def test_label_studio_is_read(tmp_path: Path) -> None:
    first, second = read(tmp_path, LABEL_STUDIO)
    assert (first.text, first.title, first.by) == ("Rain fell.", "Rain", "user 10")
    assert (first.topic, first.also, first.summary) == ("sport", ("weather",), "It rained.")
    assert {(each.target, each.label) for each in first.stance} == {
        ("rain", "favor"),
        ("the sun", "against"),
    }
    assert (second.topic, second.by) == ("weather", "eve@desk.example")
    assert [(each.target, each.label) for each in second.stance] == [
        ("snow", "neutral"),
        (None, "favor"),
    ]


def test_doccano_is_read(tmp_path: Path) -> None:
    first, second = read(tmp_path, lines(DOCCANO), by="ann")
    assert (first.text, first.topic, first.also, first.by) == ("Rain fell.", "weather", (), "ann")
    assert (second.topic, second.also) == ("weather", ("sport",))


def test_summaries_of_doccano_are_read(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path,
        lines([{"id": 1, "text": "Rain fell.", "label": ["It rained."]}]),
        by="ann",
        form=files.DOCCANO_TEXTS,
    )
    assert (found.summary, found.topic) == ("It rained.", None)


@pytest.mark.parametrize("form", [files.LABEL_STUDIO, files.DOCCANO])
def test_what_is_written_is_read_again(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    assert files.write(rows(SAID, with_disputed=False), path, form) == 3
    found = {(each.text, each.by): each for each in files.read(path, LABELS, None)}
    first = found["Rain fell.", "ann"]
    assert (first.topic, first.also) == ("sport", ("weather",))
    assert {each.target: each.label for each in first.stance} == {"rain": "favor", None: "neutral"}
    assert found["Rain fell.", "bob"].summary == "It rained."
    assert [each.target for each in found["Snow fell.", "ann"].stance] == ["snow"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ([{"data": {}}], "shape of label-studio"),
        ("zanzibar", "shape of doccano"),
        ('{"text": "zanzibar"}', "shape of doccano"),
        ('{"text": "zanzibar", "label": [[0, 4, "zanzibar"]]}', "line 1: `topic`: It is not a"),
        ('{"text": "zanzibar", "label": ["wether"]}', "line 1: `topic`.* did you mean `weather`"),
        ('{"text": "", "label": ["weather"]}', "line 1: `text`: It is empty"),
    ],
)
def test_what_cannot_be_read_is_one_line_without_content(
    tmp_path: Path, content: Any, told: str
) -> None:
    with pytest.raises(InputRefused, match=told) as refused:
        read(tmp_path, content, by="ann")
    assert "zanzibar" not in str(refused.value)


def test_who_labelled_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="give --by"):
        read(tmp_path, lines(DOCCANO))


def test_what_is_there_is_not_added_again(tmp_path: Path) -> None:
    found = read(tmp_path, LABEL_STUDIO)
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    store = store_in(database)
    assert [files.add_new(store, found) for _ in range(2)] == [2, 0]
    changed = [each.model_copy(update={"summary": "Snow."}) for each in found]
    assert files.add_new(store, [*found, *changed]) == 2
    database.close()


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match=r"name a \.parquet"):
        files.write([], tmp_path / "out.txt")
