"""An answer is shown flat: a field for each task, null where it was not asked for."""

from __future__ import annotations

import json
from dataclasses import fields

from pydantic import TypeAdapter

from models.analysis import Analysis
from models.article import Options
from service.inference.answer import Answer, ModelId, Timing, as_json
from tests.support.stand_in_model import Info, Prepared, StandIn

TIMING = Timing(1.0, 2.0, 3.0)


def answer(*tasks: str) -> Answer:
    (found,) = StandIn().analyze([Prepared("Rain fell.", Options(tasks=frozenset(tasks) or None))])
    assert isinstance(found, Analysis)
    return Answer.of(found, ModelId.of(Info()), TIMING)  # type: ignore[arg-type]


def test_every_task_has_a_field_and_those_that_were_not_asked_for_are_null() -> None:
    shown = json.loads(as_json(answer("topic")))
    assert list(shown) == [
        "topic", "stance", "summary", "subject", "form", "language", "reader", "warnings", "input",
        "model", "timing_ms",
    ]  # fmt: skip
    assert shown["topic"]["label"] == "weather"
    assert (shown["stance"], shown["summary"]) == (None, None)
    assert shown["reader"] is None
    assert json.loads(as_json(answer()))["reader"] == "full"
    assert shown["timing_ms"] == {"queue": 1.0, "prepare": 2.0, "model": 3.0}


def test_an_analysis_is_shown_as_its_answer_is() -> None:
    whole = answer()
    parts = {part.name: getattr(whole, part.name) for part in fields(Analysis)}
    shown = json.loads(as_json(Analysis(**parts)))
    assert json.loads(as_json(whole)).items() >= shown.items()
    assert "model" not in shown


def test_what_is_documented_is_what_is_shown() -> None:
    schema = TypeAdapter(Answer).json_schema()
    assert list(schema["properties"]) == schema["required"] == list(json.loads(as_json(answer())))
