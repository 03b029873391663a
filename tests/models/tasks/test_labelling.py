"""From logits to labels: calibrated, withheld where unsure, with their evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from models.analysis import StanceAnalysis
from models.encoding.stance_inputs import Place, StanceInput, questions
from models.encoding.tokens import ArticleEncoder, Encoded
from models.labels import Label, LabelSchema
from models.network.network import HeadOutput
from models.tasks.calibration import Calibration
from models.tasks.labelling import MAX_EVIDENCE, Labeller, staged, tempered
from models.text.sentences import split

SCHEMA = LabelSchema(
    topic=(Label("sport", "medtop:15000000"), Label("weather", "medtop:17000000")),
    stance=(Label("favor"), Label("against"), Label("unrelated")),
    overall=("favor", "against"),
)
TEXT = "Rain fell. The team won. Nobody knew why. The wind rose. The sun set."


@pytest.fixture(scope="module")
def encoded(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(TEXT, split(TEXT))


def read(*logits: float, contributions: Tensor | None = None) -> HeadOutput:
    given = torch.tensor(logits)
    return HeadOutput(
        given, torch.zeros(9, len(logits)) if contributions is None else contributions
    )


def toward(labeller: Labeller, encoded: Encoded, target: str, given: HeadOutput) -> StanceAnalysis:
    """The stance toward a target with which all sentences were read."""
    (question,) = questions(encoded, [(target, [1, 2])])
    places = tuple(Place(number, 0, 1) for number in range(len(encoded.sentences)))
    return labeller.stance(encoded, target, replace(question, places=places), given)


def test_scores_are_probabilities_of_all_labels_likeliest_first(encoded: Encoded) -> None:
    topic = Labeller(SCHEMA, Calibration()).topic(encoded, read(0.0, 2.0))
    assert (topic.label, topic.code) == ("weather", "medtop:17000000")
    assert [score.label for score in topic.scores] == ["weather", "sport"]
    assert topic.confidence == topic.scores[0].probability == pytest.approx(0.8808, abs=1e-4)
    assert sum(score.probability for score in topic.scores) == pytest.approx(1)
    assert not topic.abstained


def test_equals_stay_in_the_schemas_order(encoded: Encoded) -> None:
    assert Labeller(SCHEMA, Calibration()).topic(encoded, read(1.0, 1.0)).label == "sport"


def test_a_temperature_flattens_without_changing_the_label(encoded: Encoded) -> None:
    cool = Labeller(SCHEMA, Calibration()).topic(encoded, read(0.0, 2.0))
    warm = Labeller(SCHEMA, Calibration(topic_temperature=2.0)).topic(encoded, read(0.0, 2.0))
    assert warm.label == cool.label
    assert warm.confidence == pytest.approx(0.7311, abs=1e-4)


def test_an_article_that_names_a_target_is_not_unrelated_to_it(encoded: Encoded) -> None:
    labeller = Labeller(SCHEMA, Calibration())
    logits = read(0.0, 1.0, 5.0)
    for named in ("the team", "The  WIND", "rain", "a team"):
        stance = toward(labeller, encoded, named, logits)
        assert [score.label for score in stance.scores] == ["against", "favor"]
        assert sum(score.probability for score in stance.scores) == pytest.approx(1)
    for other in ("the teams", "team the", "win", "the team won nothing"):
        assert toward(labeller, encoded, other, logits).label == "unrelated"


def test_below_the_threshold_the_label_is_withheld_and_the_scores_shown(encoded: Encoded) -> None:
    fitted = Calibration(topic_threshold=0.9, stance_threshold=0.5, overall_threshold=0.9)
    labeller = Labeller(SCHEMA, fitted)
    topic = labeller.topic(encoded, read(0.0, 2.0))
    assert (topic.label, topic.code, topic.abstained) == (None, None, True)
    assert topic.scores[0].label == "weather"
    assert topic.confidence == pytest.approx(0.8808, abs=1e-4)
    assert toward(labeller, encoded, "rain", read(2.0, 0.0, 0.0)).label == "favor"
    assert labeller.overall(encoded, read(2.0, 0.0, 0.0)).abstained


def test_each_head_has_its_own_temperature(encoded: Encoded) -> None:
    fitted = Calibration(stance_temperature=2.0, overall_temperature=4.0)
    labeller = Labeller(SCHEMA, fitted)
    logits = read(4.0, 0.0, -1e9)
    assert labeller.topic(encoded, read(4.0, 0.0)).confidence == pytest.approx(0.982, abs=1e-3)
    assert toward(labeller, encoded, "x", logits).confidence == pytest.approx(0.881, abs=1e-3)
    assert labeller.overall(encoded, logits).confidence == pytest.approx(0.731, abs=1e-3)


@given(
    logits=st.dictionaries(
        st.sampled_from(["favor", "against", "neutral", "unrelated"]),
        st.floats(-1e4, 1e4),
        min_size=1,
    ),
    temperature=st.floats(0.25, 5),
    bias=st.floats(-4, 4),
)
def test_stages_share_out_all_there_is_and_change_nothing_when_neutral(
    logits: dict[str, float], temperature: float, bias: float
) -> None:
    fitted = Calibration(
        stance_temperature=temperature, unrelated_temperature=2.0, unrelated_bias=bias
    )
    assert sum(staged(logits, fitted).values()) == pytest.approx(1)
    assert staged(logits, Calibration()) == pytest.approx(tempered(logits, 1.0), abs=1e-9)


def test_how_sure_a_stance_is_leaves_alone_whether_it_is_one() -> None:
    logits = {"favor": 3.0, "against": 0.0, "unrelated": 1.0}
    plain, warm = (staged(logits, Calibration(stance_temperature=t)) for t in (1.0, 3.0))
    assert warm["unrelated"] == pytest.approx(plain["unrelated"])
    assert warm["favor"] < plain["favor"]
    sure = staged(logits, Calibration(unrelated_temperature=0.5))
    assert sure["unrelated"] < plain["unrelated"]
    assert sure["favor"] / sure["against"] == pytest.approx(plain["favor"] / plain["against"])


def test_the_bias_of_unrelated_is_added_for_targets(encoded: Encoded) -> None:
    biased = Labeller(SCHEMA, Calibration(unrelated_bias=-3.0))
    plain = Labeller(SCHEMA, Calibration(unrelated_bias=0.0))
    logits = read(0.0, 0.0, 2.0)
    assert toward(plain, encoded, "hail", logits).label == "unrelated"
    assert toward(biased, encoded, "hail", logits).label == "favor"
    assert biased.overall(encoded, logits) == plain.overall(encoded, logits)


def test_without_a_target_only_overall_stances_are_possible(encoded: Encoded) -> None:
    labeller = Labeller(SCHEMA, Calibration())
    named = toward(labeller, encoded, "hail", read(0.0, 1.0, 5.0))
    overall = labeller.overall(encoded, read(0.0, 1.0, 5.0))
    assert (named.target, named.label) == ("hail", "unrelated")
    assert (overall.target, overall.label) == (None, "against")
    assert {score.label for score in overall.scores} == {"favor", "against"}
    assert sum(score.probability for score in overall.scores) == pytest.approx(1)


def shares(*weather: float) -> Tensor:
    return torch.tensor([[0.0, share] for share in weather])


def test_evidence_is_what_speaks_for_the_label_in_the_articles_order(encoded: Encoded) -> None:
    given = read(0.0, 2.0, contributions=shares(1.0, -3.0, 0.1, 2.0, 0.9))
    evidence = Labeller(SCHEMA, Calibration()).topic(encoded, given).evidence
    assert [passage.text for passage in evidence] == [
        "Rain fell.",
        "The wind rose.",
        "The sun set.",
    ]
    assert all(TEXT[passage.start : passage.end] == passage.text for passage in evidence)
    assert len(evidence) <= MAX_EVIDENCE


def test_evidence_holds_nothing_that_speaks_against_the_label(encoded: Encoded) -> None:
    given = read(0.0, 2.0, contributions=shares(-1.0, -3.0, 0.0, -2.0, 4.0))
    evidence = Labeller(SCHEMA, Calibration()).topic(encoded, given).evidence
    assert [passage.text for passage in evidence] == ["The sun set."]
    nothing = read(0.0, 2.0, contributions=shares(-1.0, -3.0, -1.0, -2.0, -4.0))
    assert Labeller(SCHEMA, Calibration()).topic(encoded, nothing).evidence == ()


def test_the_title_is_never_evidence(encoder: ArticleEncoder) -> None:
    encoded = encoder.article(
        "Rain fell. The team won.", split("Rain fell. The team won."), "Storm"
    )
    given = read(0.0, 2.0, contributions=shares(9.0, 2.0, 0.1))
    evidence = Labeller(SCHEMA, Calibration()).topic(encoded, given).evidence
    assert [passage.text for passage in evidence] == ["Rain fell."]


def test_a_stances_evidence_is_among_what_was_read_with_the_target(encoded: Encoded) -> None:
    places = (Place(None, 0, 1), Place(1, 1, 2), Place(3, 2, 3))
    spoken = torch.tensor([[9.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0], [9.0, 9.0, 9.0]])
    given = read(1.0, 0.0, 0.0, contributions=spoken)
    question = StanceInput(np.zeros(3, np.int64), 0, places, named=False)
    found = Labeller(SCHEMA, Calibration()).stance(encoded, "rain", question, given)
    assert [passage.text for passage in found.evidence] == ["The team won.", "The wind rose."]
