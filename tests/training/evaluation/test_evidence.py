"""What evidence is worth is measured by leaving it out."""

from __future__ import annotations

from models.engine import Engine
from training.data.labelled import Labelled
from training.evaluation.evidence import evidence_effect

TEXT = (
    "The council voted on Monday to reopen the harbour bridge. Work begins in May. "
    "Residents had asked for it for years. Critics say that it costs too much. "
    "The mayor said that the money was there. Buses will run over it again. "
    "The market hopes for more guests. Nobody spoke of tolls. The old lamps will stay."
)


def test_evidence_is_weighed_for_topics_and_for_each_target(engine: Engine) -> None:
    by_topic = evidence_effect(engine, [Labelled(TEXT, topics=["sport"])])
    assert by_topic["labels"] == 1
    stances: dict[str | None, str] = {"the bridge": "favor", "the mayor": "neutral"}
    by_target = evidence_effect(engine, [Labelled(TEXT, stances=stances)])
    assert by_target["labels"] == 2
    assert evidence_effect(engine, [Labelled(TEXT)]) == {}
