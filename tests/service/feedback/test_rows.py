"""Rows that training reads as what people said."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.feedback import files
from service.feedback.rows import rows
from tests.support.feedback import record
from training.config import Source
from training.data.labelled import Labelled, load
from training.data.roles import Role

SAID = [
    record(1, topic="sport", also=("weather", "war"), stances={"rain": "favor", None: "neutral"}),
    record(2, stances={"rain": "against"}, title="Rain", summary="=It rained."),
    record(3, text="Snow fell.", topic="weather"),
    record(4, text="Snow fell.", by="bob", topic="sport"),
    record(5, text="Snow fell.", by="eve", summary="It snowed."),
]


def of_training(path: Path) -> dict[str, Labelled]:
    found = [each for role in Role for each in load(Source(path=path), role)]
    return {each.text: each for each in found}


def test_what_a_person_said_last_holds() -> None:
    first, *_ = rows(SAID, with_disputed=False)
    assert (first.topic, first.also, first.title) == ("sport", ("weather", "war"), "Rain")
    assert first.stances == {"rain": "against", None: "neutral"}
    assert (first.id, first.date, first.by) == (SAID[1].id, "2001-09-09", "ann")


def test_disputed_rows_are_left_out_unless_asked_for() -> None:
    assert [row.by for row in rows(SAID, with_disputed=False)] == ["ann", "eve"]
    assert [row.by for row in rows(SAID, with_disputed=True)] == ["ann", "ann", "bob", "eve"]


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_training_reads_what_is_exported(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    assert files.write(rows(SAID, with_disputed=False), path) == 2
    found = of_training(path)["Rain fell."]
    assert found.topics[0] == "sport"
    assert set(found.topics[1:]) == {"weather", "war"}
    assert found.stances == {"rain": "against", None: "neutral"}
    assert (found.summary or "").endswith("It rained.")
    assert (found.title, found.id) == ("Rain", SAID[1].id)


@pytest.mark.parametrize("ending", [".parquet", ".jsonl", ".csv"])
def test_an_export_may_be_empty(tmp_path: Path, ending: str) -> None:
    assert files.write([], tmp_path / f"out{ending}") == 0
