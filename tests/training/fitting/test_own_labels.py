"""Labels of a desk's own, from few texts or from their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.analysis import Analysis, TopicAnalysis
from models.article import Article, Options
from models.artifact.artifact import Artifact, load
from models.engine import Engine
from models.labels import Label
from models.tasks.labelling import NONE_OF_THESE
from models.text.surface import FEATURES
from tests.support.articles import SAMPLES
from training.data.labelled import Labelled
from training.errors import DataError
from training.fitting import familiarity
from training.fitting.own_labels import FEWEST_ROWS, Mode, from_names, learned

LABELS = (Label("harbour", parent="traffic"), Label("school"))
PLACES = "Tolland Kallmore Stenby Aldery Orrin Dunmere Marden Kallvik".split()  # noqa: SIM905


@pytest.fixture
def model(tiny: Path) -> Artifact:
    """A model of its own that knows some texts."""
    model = load(tiny)
    known = familiarity.of(model.network)
    draw = torch.Generator().manual_seed(0)
    hidden, topics = model.network.hidden, len(model.tasks["topic"].labels)
    classes = [number % topics for number in range(8 * topics)]
    states = torch.randn(len(classes), hidden, generator=draw)
    words = torch.randint(20, 300, (len(classes),), generator=draw)
    surfaces = torch.rand(len(classes), FEATURES, generator=draw)
    known.fit(states, surfaces, words, classes)
    return model


@pytest.fixture
def engine(model: Artifact) -> Engine:
    return Engine.over(model, device="cpu", dtype="float32")


def texts() -> list[Labelled]:
    harbour = "The ferry left the old harbour of {} at noon and the pier was closed to ships."
    school = "Teachers at the school in {} wrote new tests for pupils who learn to read and count."
    return [
        Labelled(text.format(place), topics=[label.name])
        for label, text in zip(LABELS, (harbour, school), strict=True)
        for place in PLACES
    ]


def topic(model: Artifact, text: str) -> TopicAnalysis:
    engine = Engine.over(model, device="cpu", dtype="float32")
    options = Options(tasks=frozenset({"topic"}))
    (found,) = engine.analyze([engine.prepare(Article(text, options=options))])
    assert isinstance(found, Analysis)
    assert found.topic is not None
    return found.topic


def test_few_texts_teach_labels_and_the_rest_of_the_model_stays(
    model: Artifact, engine: Engine
) -> None:
    made, figures = learned(model, engine, texts(), LABELS)
    assert (figures["rows"], figures["texts"]) == (16, 16)
    assert figures["accuracy"] >= 0.9
    section = made.tasks["topic"]
    free = replace(section.calibration, max_class_distance=1e9, max_distance=1e9)
    made = replace(made, tasks={**made.tasks, "topic": replace(section, calibration=free)})
    found = topic(made, "The ferry left the old harbour of Brennock at noon; the pier was closed.")
    assert (found.scores[0].label, found.zero_shot) == ("harbour", False)
    assert found.parents == (("traffic",) if found.label else ())
    before = model.network.state_dict()
    after = made.network.state_dict()
    others = [name for name in before if not name.startswith("heads.topic.")]
    assert all(torch.equal(before[name], after[name]) for name in others)
    assert made.tasks["stance"] == model.tasks["stance"]


def test_a_text_far_from_all_labels_is_withheld(model: Artifact, engine: Engine) -> None:
    made, _ = learned(model, engine, texts(), LABELS)
    section = made.tasks["topic"]
    strict = replace(section.calibration, max_class_distance=-1e6)
    made = replace(made, tasks={**made.tasks, "topic": replace(section, calibration=strict)})
    assert topic(made, SAMPLES[0].text).withheld == NONE_OF_THESE


def test_labels_may_stand_beside_those_of_the_model(model: Artifact, engine: Engine) -> None:
    old = [label.name for label in model.tasks["topic"].labels]
    made, figures = learned(model, engine, texts(), LABELS, Mode.EXTEND)
    assert [label.name for label in made.tasks["topic"].labels] == ["harbour", "school", *old]
    assert set(figures["per_label"]) == {"harbour", "school"}


def test_a_label_with_too_few_texts_is_refused(model: Artifact, engine: Engine) -> None:
    few = [text for text in texts() if text.topics != ["school"]] + texts()[-2:]
    with pytest.raises(DataError, match=rf"{FEWEST_ROWS} different texts.*school"):
        learned(model, engine, few, LABELS)


def test_names_alone_tell_labels_and_the_answer_says_so(model: Artifact, engine: Engine) -> None:
    made = from_names(model, engine, LABELS)
    found = topic(made, SAMPLES[0].text)
    assert found.zero_shot
    assert {score.label for score in found.scores} == {"harbour", "school"}
    about = topic(made, "The news is about harbour. The news is about harbour.")
    assert about.scores[0].label == "harbour"
