"""From logits to stances: calibrated, withheld where unsure, with their evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from models.analysis import StanceAnalysis
from models.artifact.artifact import Artifact
from models.encoding.stance_inputs import Place, StanceInput, questions
from models.encoding.tokens import ArticleEncoder, Encoded
from models.labels import Label
from models.network.heads import HeadOutput
from models.tasks.stance.model import StanceModel
from models.tasks.stance.section import StanceCalibration, StanceSection
from models.text.sentences import split

LABELS = (Label("favor"), Label("against"), Label("unrelated"))
TEXT = "Rain fell. The team won. Nobody knew why. The wind rose. The sun set."
Make = Callable[..., StanceModel]


@pytest.fixture(scope="module")
def make(tiny_artifact: Artifact, encoder: ArticleEncoder) -> Make:
    """The decisions under a calibration; the head is not asked."""

    def make(**calibration: Any) -> StanceModel:
        section = StanceSection(LABELS, ("favor", "against"), StanceCalibration(**calibration))
        return StanceModel(section, tiny_artifact.network, encoder)

    return make


@pytest.fixture(scope="module")
def encoded(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(TEXT, split(TEXT))


def read(*logits: float, contributions: Tensor | None = None) -> HeadOutput:
    given = torch.tensor(logits)
    return HeadOutput(
        given, torch.zeros(9, len(logits)) if contributions is None else contributions
    )


def toward(model: StanceModel, encoded: Encoded, target: str, given: HeadOutput) -> StanceAnalysis:
    """The stance toward a target with which all sentences were read."""
    (question,) = questions(encoded, [(target, [1, 2])])
    places = tuple(Place(number, 0, 1) for number in range(len(encoded.sentences)))
    return model.toward(encoded, target, replace(question, places=places), given)


def test_an_article_that_names_a_target_is_not_unrelated_to_it(
    make: Make, encoded: Encoded
) -> None:
    model = make()
    logits = read(0.0, 1.0, 5.0)
    for named in ("the team", "The  WIND", "rain", "a team"):
        stance = toward(model, encoded, named, logits)
        assert [score.label for score in stance.scores] == ["against", "favor"]
        assert sum(score.probability for score in stance.scores) == pytest.approx(1)
    for other in ("the teams", "team the", "win", "the team won nothing"):
        assert toward(model, encoded, other, logits).label == "unrelated"


def test_below_the_threshold_the_label_is_withheld(make: Make, encoded: Encoded) -> None:
    model = make(threshold=0.5, overall_threshold=0.9)
    assert toward(model, encoded, "rain", read(2.0, 0.0, 0.0)).label == "favor"
    found = model.overall(encoded, read(2.0, 0.0, 0.0))
    assert (found.label, found.abstained) == (None, True)
    assert found.scores[0].label == "favor"


def test_named_and_overall_stances_have_their_own_temperatures(
    make: Make, encoded: Encoded
) -> None:
    model = make(temperature=2.0, overall_temperature=4.0)
    logits = read(4.0, 0.0, -1e9)
    assert toward(model, encoded, "x", logits).confidence == pytest.approx(0.881, abs=1e-3)
    assert model.overall(encoded, logits).confidence == pytest.approx(0.731, abs=1e-3)


def test_the_bias_of_unrelated_is_added_for_targets(make: Make, encoded: Encoded) -> None:
    biased = make(unrelated_bias=-3.0)
    plain = make(unrelated_bias=0.0)
    logits = read(0.0, 0.0, 2.0)
    assert toward(plain, encoded, "hail", logits).label == "unrelated"
    assert toward(biased, encoded, "hail", logits).label == "favor"
    assert biased.overall(encoded, logits) == plain.overall(encoded, logits)


def test_without_a_target_only_overall_stances_are_possible(make: Make, encoded: Encoded) -> None:
    model = make()
    named = toward(model, encoded, "hail", read(0.0, 1.0, 5.0))
    overall = model.overall(encoded, read(0.0, 1.0, 5.0))
    assert (named.target, named.label) == ("hail", "unrelated")
    assert (overall.target, overall.label) == (None, "against")
    assert {score.label for score in overall.scores} == {"favor", "against"}
    assert sum(score.probability for score in overall.scores) == pytest.approx(1)


def test_a_stances_evidence_is_among_what_was_read_with_the_target(
    make: Make, encoded: Encoded
) -> None:
    places = (Place(None, 0, 1), Place(1, 1, 2), Place(3, 2, 3))
    spoken = torch.tensor([[9.0, 0, 0], [1.0, 0, 0], [2.0, 0, 0], [9.0, 9.0, 9.0]])
    given = read(1.0, 0.0, 0.0, contributions=spoken)
    question = StanceInput(np.zeros(3, np.int64), 0, places, named=False)
    found = make().toward(encoded, "rain", question, given)
    assert [passage.text for passage in found.evidence] == ["The team won.", "The wind rose."]
