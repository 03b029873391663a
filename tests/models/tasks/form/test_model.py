"""From logits to a form: calibrated, and withheld where unsure."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from models.analysis import Analysis
from models.article import Article, Options
from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder
from models.engine import Engine
from models.labels import Label
from models.network.heads import PooledHead
from models.network.network import Network
from models.tasks.form.model import FormModel
from models.tasks.form.section import FormCalibration, FormSection
from models.tasks.limits import UNSURE, table
from tests.support.articles import SAMPLES

LABELS = (Label("report"), Label("opinion"))


@pytest.fixture
def make(tiny_artifact: Artifact, encoder: ArticleEncoder) -> Any:
    def make(*calibration: float, **section: Any) -> FormModel:
        made = FormSection(LABELS, FormCalibration(*calibration), **section)
        return FormModel(made, tiny_artifact.network, encoder)

    return make


def test_the_likeliest_form_is_given_with_its_probability(make: Any) -> None:
    form = make().form(torch.tensor([0.0, 2.0]))
    assert (form.label, form.abstained, form.withheld) == ("opinion", False, None)
    assert form.confidence == pytest.approx(0.8808, abs=1e-4)
    assert [score.label for score in form.scores] == ["opinion", "report"]
    assert make(2.0).form(torch.tensor([0.0, 2.0])).confidence == pytest.approx(0.7311, abs=1e-4)


def test_below_the_threshold_or_above_the_limit_it_is_withheld(make: Any) -> None:
    logits = torch.tensor([0.0, 2.0])
    unsure = make(1.0, 0.9).form(logits)
    assert (unsure.label, unsure.withheld) == (None, UNSURE)
    counted = table([(0.95, False)] * 200 + [(0.6, True)] * 200)
    limited = make(limits={"form": counted}).form(torch.tensor([0.0, 0.3]), 0.05)
    assert limited.abstained
    assert "5 %" in limited.withheld
    assert make(limits={"form": counted}).form(torch.tensor([0.0, 4.0]), 0.05).label == "opinion"


def test_a_section_goes_through_json(make: Any) -> None:
    read = FormModel.read({"labels": [{"name": "a"}, {"name": "b"}], "calibration": {}})
    assert read == FormSection((Label("a"), Label("b")))
    with pytest.raises(ValueError, match="distinct"):
        FormModel.read({"labels": [{"name": "a"}, {"name": "a"}], "calibration": {}})


def test_a_head_tells_as_many_forms_as_it_has_labels(tiny_artifact: Artifact) -> None:
    network: Network = tiny_artifact.network
    head = FormModel.make_head(FormSection(LABELS), network)
    assert isinstance(head, PooledHead)
    assert head.out.out_features == len(LABELS)


def test_a_form_stands_in_the_answer_and_in_what_was_read(tiny_artifact: Artifact) -> None:
    engine = Engine.over(tiny_artifact, device="cpu", dtype="float32")
    names = {label.name for label in engine.info.labels["form"]}
    for tasks in (frozenset({"form"}), frozenset({"topic"})):
        options = Options(tasks=tasks)
        (found,) = engine.analyze([engine.prepare(Article(SAMPLES[0].text, options=options))])
        assert isinstance(found, Analysis)
        assert found.input.form == (found.form.label if found.form else None)
        assert ("form" in tasks) == (found.input.form in names)
