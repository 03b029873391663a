"""From logits to a topic: calibrated, withheld where unsure, with its evidence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from models.artifact.artifact import Artifact
from models.encoding.tokens import ArticleEncoder, Encoded
from models.labels import Label
from models.network.heads import HeadOutput
from models.tasks.labelling import MAX_EVIDENCE, TOO_SHORT, UNLIKE
from models.tasks.limits import UNSURE, Tables, table
from models.tasks.topic.model import TopicModel
from models.tasks.topic.section import TopicCalibration, TopicSection
from models.text.sentences import split

LABELS = (Label("sport", "medtop:15000000"), Label("weather", "medtop:17000000"))
TEXT = "Rain fell. The team won. Nobody knew why. The wind rose. The sun set."
Make = Callable[..., TopicModel]


@pytest.fixture(scope="module")
def make(tiny_artifact: Artifact, encoder: ArticleEncoder) -> Make:
    """The decisions under a calibration; the head is not asked."""

    def make(*calibration: float, limits: Tables | None = None) -> TopicModel:
        section = TopicSection(LABELS, TopicCalibration(*calibration), limits or {})
        return TopicModel(section, tiny_artifact.network, encoder)

    return make


@pytest.fixture(scope="module")
def encoded(encoder: ArticleEncoder) -> Encoded:
    return encoder.article(TEXT, split(TEXT))


def read(*logits: float, contributions: Tensor | None = None) -> HeadOutput:
    given = torch.tensor(logits)
    return HeadOutput(
        given, torch.zeros(9, len(logits)) if contributions is None else contributions
    )


def test_scores_are_probabilities_of_all_labels_likeliest_first(
    make: Make, encoded: Encoded
) -> None:
    topic = make().topic(encoded, read(0.0, 2.0))
    assert (topic.label, topic.code) == ("weather", "medtop:17000000")
    assert [score.label for score in topic.scores] == ["weather", "sport"]
    assert topic.confidence == topic.scores[0].probability == pytest.approx(0.8808, abs=1e-4)
    assert sum(score.probability for score in topic.scores) == pytest.approx(1)
    assert not topic.abstained


def test_equals_stay_in_the_schemas_order(make: Make, encoded: Encoded) -> None:
    assert make().topic(encoded, read(1.0, 1.0)).label == "sport"


def test_a_temperature_flattens_without_changing_the_label(make: Make, encoded: Encoded) -> None:
    cool = make().topic(encoded, read(0.0, 2.0))
    warm = make(2.0).topic(encoded, read(0.0, 2.0))
    assert warm.label == cool.label
    assert warm.confidence == pytest.approx(0.7311, abs=1e-4)


def test_below_the_threshold_the_label_is_withheld_and_the_scores_shown(
    make: Make, encoded: Encoded
) -> None:
    topic = make(1.0, 0.9).topic(encoded, read(0.0, 2.0))
    assert (topic.label, topic.code, topic.abstained) == (None, None, True)
    assert topic.withheld == UNSURE
    assert topic.scores[0].label == "weather"
    assert topic.confidence == pytest.approx(0.8808, abs=1e-4)


def test_a_limit_on_errors_withholds_what_may_exceed_it(make: Make, encoded: Encoded) -> None:
    counted = table([(0.9, False)] * 200 + [(0.6, True)] * 100)
    model = make(limits={"topic": counted})
    unsure, sure = read(0.0, 0.5), read(0.0, 3.0)
    assert model.topic(encoded, sure, 0.05).label == "weather"
    withheld = model.topic(encoded, unsure, 0.05)
    assert (withheld.label, withheld.code, withheld.abstained) == (None, None, True)
    assert withheld.withheld is not None
    assert "5 %" in withheld.withheld
    assert model.topic(encoded, unsure).label == "weather"
    assert make().topic(encoded, sure, 0.4).abstained, "nothing is known of its errors"


def shares(*weather: float) -> Tensor:
    return torch.tensor([[0.0, share] for share in weather])


def test_evidence_is_what_speaks_for_the_label_in_the_articles_order(
    make: Make, encoded: Encoded
) -> None:
    given = read(0.0, 2.0, contributions=shares(1.0, -3.0, 0.1, 2.0, 0.9))
    evidence = make().topic(encoded, given).evidence
    assert [passage.text for passage in evidence] == [
        "Rain fell.",
        "The wind rose.",
        "The sun set.",
    ]
    assert all(TEXT[passage.start : passage.end] == passage.text for passage in evidence)
    assert len(evidence) <= MAX_EVIDENCE


def test_evidence_holds_nothing_that_speaks_against_the_label(make: Make, encoded: Encoded) -> None:
    given = read(0.0, 2.0, contributions=shares(-1.0, -3.0, 0.0, -2.0, 4.0))
    evidence = make().topic(encoded, given).evidence
    assert [passage.text for passage in evidence] == ["The sun set."]
    nothing = read(0.0, 2.0, contributions=shares(-1.0, -3.0, -1.0, -2.0, -4.0))
    assert make().topic(encoded, nothing).evidence == ()


def test_the_title_is_never_evidence(make: Make, encoder: ArticleEncoder) -> None:
    encoded = encoder.article(
        "Rain fell. The team won.", split("Rain fell. The team won."), "Storm"
    )
    given = read(0.0, 2.0, contributions=shares(9.0, 2.0, 0.1))
    evidence = make().topic(encoded, given).evidence
    assert [passage.text for passage in evidence] == ["Rain fell."]


def test_of_short_texts_the_label_is_withheld_sooner(make: Make, encoder: ArticleEncoder) -> None:
    model, long = make(1.0, 0.1, 0.9), " ".join([TEXT] * 6)
    short = model.topic(encoder.article(TEXT, split(TEXT)), read(0.0, 2.0))
    given = read(0.0, 2.0, contributions=torch.zeros(40, 2))
    whole = model.topic(encoder.article(long, split(long)), given)
    assert (short.withheld, short.topics) == (UNSURE, ())
    assert whole.label == "weather"


def test_texts_that_are_too_short_or_unlike_are_withheld_however_sure(
    make: Make, encoder: ArticleEncoder, encoded: Encoded
) -> None:
    model = make(1.0, 0.0, 0.0, 1.0, 5.0)
    few = encoder.article("Breaking news.", split("Breaking news."))
    assert model.topic(few, read(0.0, 9.0)).withheld == TOO_SHORT
    far = model.topic(encoded, read(0.0, 9.0), distance=5.1)
    assert (far.withheld, far.label, far.distance) == (UNLIKE, None, 5.1)
    assert model.topic(encoded, read(0.0, 9.0), distance=4.9).label == "weather"


def test_other_topics_stand_behind_the_main_one_from_their_threshold_on(
    make: Make, encoded: Encoded
) -> None:
    second = make(1.0, 0.0, 0.0, 0.1).topic(encoded, read(0.0, 2.0))
    assert [score.label for score in second.topics] == ["weather", "sport"]
    one = make(1.0, 0.0, 0.0, 0.2).topic(encoded, read(0.0, 2.0))
    assert [score.label for score in one.topics] == ["weather"]
