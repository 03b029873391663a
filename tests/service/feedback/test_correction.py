"""A correction names its wrong field, and repeats nothing of what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from service.errors import InvalidRequest
from service.feedback.correction import check_labels, read_correction
from tests.support.feedback import correction
from tests.support.stand_in_model import LABELS

SENT = {"text": "Rain fell.", "topic": "weather", "by": "ann"}
STANCE = {"label": "favor"}


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([], "It is not a JSON object"),
        ({**SENT, "request_id": "a"}, "Send either request_id or text"),
        ({"topic": "weather", "by": "ann"}, "Send either request_id or text"),
        ({"request_id": "a", "title": "b", "by": "ann"}, "Send title with text only"),
        ({**SENT, "topic": None, "also": ["sport"]}, "Send also with topic only"),
        ({**SENT, "topic": None}, "Send what is right: topic, stance or summary"),
        ({**SENT, "stance": [STANCE, STANCE]}, "Send one stance a target"),
        ({**SENT, "by": None}, "`by`: It is not a string"),
        ({"text": "a", "topic": "weather"}, "`by`: It is missing"),
        ({**SENT, "by": "?!"}, "`by`: There is no letter and no digit in it"),
        ({**SENT, "note": "zanzibar\0"}, "`note`: There is a NUL character in it"),
        ({**SENT, "text": "zanzibar\0"}, "`text`: There is a NUL character in it"),
        ({**SENT, "text": ""}, "`text`: It is empty"),
        ({**SENT, "note": "a" * 2001}, "`note`: It is longer than 2000 characters"),
        ({**SENT, "also": ["a"] * 11}, "`also`: It holds more than 10 items"),
        ({**SENT, "stance": [{"target": "x"}]}, "`stance.0.label`: It is missing"),
        ({**SENT, "stance": [{**STANCE, "targte": "x"}]}, "did you mean `target`?"),
        ({**SENT, "topics": "x"}, "did you mean `topic`?"),
    ],
)
def test_a_wrong_field_is_named(sent: Any, told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_correction(sent)
    assert told in str(refused.value)
    assert "zanzibar" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "field", "told"),
    [
        ({"topic": "wether"}, "topic", "did you mean `weather`?"),
        ({"topic": "sport", "also": ["weather", "zanzibar"]}, "also.1", "there are weather, sport"),
        ({"stance": [{"target": "x", "label": "favour"}]}, "stance.0.label", "mean `favor`?"),
        ({"stance": [{"label": "unrelated"}]}, "stance.0.label", "favor, against, neutral"),
    ],
)
def test_a_label_is_one_of_the_models(said: dict[str, Any], field: str, told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_labels(correction(**said), LABELS)
    assert [each.field for each in refused.value.fields] == [field]
    assert told in str(refused.value)
    assert "zanzibar" not in str(refused.value)


def test_what_the_model_knows_is_taken() -> None:
    stance = [{"target": "x", "label": "unrelated"}, {"label": "favor"}]
    check_labels(correction(topic="sport", also=["weather"], stance=stance), LABELS)


def test_a_model_without_the_labels_takes_none() -> None:
    with pytest.raises(InvalidRequest, match="no such labels"):
        check_labels(correction(), {})
