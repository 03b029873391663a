"""From logits to stances: calibrated, withheld where unsure, with their evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from models.analysis import Analysis, StanceAnalysis
from models.article import AUTO, MOST_AUTO, Article, Kind, Options, Tier
from models.artifact.artifact import Artifact
from models.encoding.questions import Passages
from models.encoding.tokens import ArticleEncoder, Encoded
from models.engine import Engine
from models.errors import TaskMissing
from models.labels import Label
from models.network.heads import HeadOutput
from models.network.reader import Reading
from models.tasks.limits import Tables, table
from models.tasks.stance.model import StanceModel
from models.tasks.stance.section import StanceCalibration, StanceSection
from models.text.sentences import split
from tests.support.articles import SAMPLES

LABELS = (Label("favor"), Label("against"), Label("unrelated"))
TEXT = "Rain fell. The team won. Nobody knew why. The wind rose. The sun set."
Make = Callable[..., StanceModel]
AUTOMATIC = Options(targets=(AUTO,), tasks=frozenset({"stance", "subject"}))


@pytest.fixture(scope="module")
def make(tiny_artifact: Artifact, encoder: ArticleEncoder) -> Make:
    """The decisions under a calibration; the head is not asked."""

    def make(limits: Tables | None = None, **calibration: Any) -> StanceModel:
        fitted = StanceCalibration(**calibration)
        section = StanceSection(LABELS, ("favor", "against"), fitted, limits or {})
        return StanceModel(section, tiny_artifact.network, encoder)

    return make


@pytest.fixture(scope="module")
def encoded(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(TEXT, split(TEXT))


def read(*logits: float) -> HeadOutput:
    return HeadOutput(torch.tensor(logits), torch.zeros(9, len(logits)))


def toward(
    model: StanceModel, encoded: Encoded, target: str, *logits: float, kind: Kind = Kind.ISSUE
) -> StanceAnalysis:
    """The stance toward a target with which all sentences were read."""
    question = Passages(encoded).question([1, 2], target, kind)
    reading = Reading(question, kind, logits, [0.0] * len(question.places))
    return model.toward(encoded, target, reading, Tier.FULL)


def test_an_article_that_names_a_target_is_not_unrelated_to_it(
    make: Make, encoded: Encoded
) -> None:
    model = make()
    logits = (0.0, 1.0, 5.0)
    for named in ("the team", "The  WIND", "rain", "a team"):
        stance = toward(model, encoded, named, *logits)
        assert [score.label for score in stance.scores] == ["against", "favor"]
        assert sum(score.probability for score in stance.scores) == pytest.approx(1)
    for other in ("the teams", "team the", "win", "the team won nothing"):
        assert toward(model, encoded, other, *logits).label == "unrelated"


def test_below_the_threshold_the_label_is_withheld(make: Make, encoded: Encoded) -> None:
    model = make(full_threshold=0.5, overall_threshold=0.9)
    assert toward(model, encoded, "rain", 2.0, 0.0, 0.0).label == "favor"
    found = model.overall(encoded, read(2.0, 0.0, 0.0))
    assert (found.label, found.abstained) == (None, True)
    assert found.scores[0].label == "favor"


def test_each_group_has_a_limit_on_errors_of_its_own(make: Make, encoded: Encoded) -> None:
    counted = table([(0.8, False)] * 100)
    question = Passages(encoded).question([1, 2], "x", Kind.CLAIM)
    reading = Reading(question, Kind.CLAIM, (3.0, 0.0, 0.0), [0.0] * len(question.places))
    found = {
        (group, tier): make({group: counted}).toward(encoded, "x", reading, tier, 0.05).label
        for group in ("full_claim", "fast_claim", "full", "overall")
        for tier in Tier
    }
    assert {which for which, label in found.items() if label} == {
        ("full_claim", Tier.FULL),
        ("fast_claim", Tier.FAST),
    }
    overall = make({"overall": counted}).overall(encoded, read(3.0, 0.0, 0.0), 0.05)
    assert (overall.label, overall.withheld) == ("favor", None)
    withheld = make().overall(encoded, read(3.0, 0.0, 0.0), 0.05)
    assert (withheld.label, withheld.abstained) == (None, True)
    assert withheld.withheld


def test_named_and_overall_stances_have_their_own_temperatures(
    make: Make, encoded: Encoded
) -> None:
    model = make(full_temperature=2.0, overall_temperature=4.0)
    logits = (4.0, 0.0, -1e9)
    assert toward(model, encoded, "x", *logits).confidence == pytest.approx(0.881, abs=1e-3)
    assert model.overall(encoded, read(*logits)).confidence == pytest.approx(0.731, abs=1e-3)


def test_the_bias_of_unrelated_is_added_for_targets(make: Make, encoded: Encoded) -> None:
    biased = make(full_unrelated_bias=-3.0)
    plain = make(full_unrelated_bias=0.0)
    logits = (0.0, 0.0, 2.0)
    assert toward(plain, encoded, "hail", *logits).label == "unrelated"
    assert toward(biased, encoded, "hail", *logits).label == "favor"
    assert biased.overall(encoded, read(*logits)) == plain.overall(encoded, read(*logits))


def test_without_a_target_only_overall_stances_are_possible(make: Make, encoded: Encoded) -> None:
    model = make()
    named = toward(model, encoded, "hail", 0.0, 1.0, 5.0)
    overall = model.overall(encoded, read(0.0, 1.0, 5.0))
    assert (named.target, named.label) == ("hail", "unrelated")
    assert (overall.target, overall.label) == (None, "against")
    assert {score.label for score in overall.scores} == {"favor", "against"}
    assert sum(score.probability for score in overall.scores) == pytest.approx(1)


def shown(encoder: ArticleEncoder, model: StanceModel, **evidence: float) -> list[str]:
    """The evidence where sentences were read with these logits, by their first word."""
    text = " ".join(f"{name} fell on the hill." for name in evidence)
    encoded = encoder.article(text, split(text), "A title")
    question = Passages(encoded).question([1, 2], "rain")
    logits = [9.0, *evidence.values(), 9.0]  # the title's first, padding behind
    reading = Reading(question, Kind.ISSUE, (1.0, 0.0, 0.0), logits)
    stance = model.toward(encoded, "rain", reading, Tier.FAST)
    assert all(text[p.start : p.end] == p.text for p in stance.evidence)
    return [passage.text.split()[0] for passage in stance.evidence]


def test_the_best_evidence_stands_first_and_the_title_is_none(
    make: Make, encoder: ArticleEncoder
) -> None:
    model = make()
    assert shown(encoder, model, Rain=-1.0, Hail=2.0, Snow=0.5) == ["Hail", "Snow"]
    assert shown(encoder, model, Rain=1.0, Hail=2.0, Snow=3.0, Sleet=4.0) == [
        "Sleet",
        "Snow",
        "Hail",
    ]
    assert shown(encoder, model, Rain=-1.0, Hail=-2.0) == ["Rain"]


def test_a_stance_toward_a_claim_is_told_in_words(make: Make, encoded: Encoded) -> None:
    model = make(full_claim_threshold=0.6)
    borne_out = toward(model, encoded, "It rained.", 3.0, 0.0, 0.0, kind=Kind.CLAIM)
    assert (borne_out.kind, borne_out.verdict) == (Kind.CLAIM, "the article bears it out")
    denied = toward(model, encoded, "It hailed.", 0.0, 9.0, 0.0, kind=Kind.CLAIM)
    assert denied.verdict == "the article contradicts it"
    unsure = toward(model, encoded, "It hailed.", 0.0, 0.1, 0.0, kind=Kind.CLAIM)
    assert (unsure.label, unsure.verdict) == (None, None)
    assert toward(model, encoded, "the rain", 3.0, 0.0, 0.0).verdict is None


def answered(engine: Engine, *articles: Article) -> list[Analysis]:
    found = engine.analyze([engine.prepare(each) for each in articles])
    return [each for each in found if isinstance(each, Analysis)]


def test_the_stances_are_toward_the_first_suggested_targets(tiny_artifact: Artifact) -> None:
    engine = Engine.over(tiny_artifact, device="cpu", dtype="float32")
    articles = [Article(each.text, each.title, options=AUTOMATIC) for each in SAMPLES]
    for article, found in zip(articles, answered(engine, *articles), strict=True):
        suggested = [each.target for each in found.results["subject"].suggested_targets]
        assert [stance.target for stance in found.stance or ()] == suggested[:MOST_AUTO]
        assert found.reader is not None
        named = replace(article, options=replace(AUTOMATIC, targets=tuple(suggested[:MOST_AUTO])))
        (again,) = answered(engine, named)
        assert [s.label for s in again.stance or ()] == [s.label for s in found.stance or ()]


def test_a_text_that_suggests_nothing_has_the_stance_toward_its_subject(
    tiny_artifact: Artifact,
) -> None:
    engine = Engine.over(tiny_artifact, device="cpu", dtype="float32")
    (found,) = answered(engine, Article("He is. It was.", options=AUTOMATIC))
    assert [stance.target for stance in found.stance or ()] == [None]


def test_a_model_that_suggests_none_says_so(tiny_artifact: Artifact) -> None:
    tasks = {name: each for name, each in tiny_artifact.tasks.items() if name != "subject"}
    engine = Engine.over(replace(tiny_artifact, tasks=tasks), device="cpu", dtype="float32")
    with pytest.raises(TaskMissing, match="name them"):
        engine.prepare(Article("Rain fell.", options=Options(targets=(AUTO,))))
