"""The joint loss: heads without labels learn nothing, and one encoding serves all."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch

from models.artifact.artifact import Artifact
from models.network.heads import PooledHead
from models.network.network import Network
from models.tasks.summary.own_words import OwnWords
from tests.support.articles import CRIME, HEALTH, SPORT
from training.config import Losses, Source
from training.data.examples import Example, ExampleBuilder
from training.data.labelled import Labelled
from training.fitting.losses import Batch, JointModel
from training.fitting.start import labels

SUMMARY = (
    "A former bank clerk stole more than £410,000 from elderly customers.\n"
    "Dennis Walgrave pleaded guilty to 14 counts of fraud."
)
HEADS = {
    "heads.topic": "topic",
    "heads.stance.overall": "overall",
    "heads.stance.target": "stance",
    "heads.summary.salience": "salience",
    "heads.summary.decoder": "decoder",
    "heads.summary.writer": "writer",
}


@pytest.fixture
def network(tiny_artifact: Artifact) -> Network:
    """A network of its own, without dropout, so that losses can be compared."""
    return deepcopy(tiny_artifact.network).eval()


@pytest.fixture(scope="module")
def maker(tiny_artifact: Artifact) -> ExampleBuilder:
    source = Source(path=Path("x"), max_tokens=256)
    own = tiny_artifact.tasks["summary"].own_words
    return ExampleBuilder(tiny_artifact.tokenizer.to_str(), labels(None), own, source, 0)


@pytest.fixture
def model(network: Network, maker: ExampleBuilder) -> JointModel:
    return JointModel(network, OwnWords(maker.own_words), maker.encoder().write_id, Losses())


def batch(maker: ExampleBuilder, *labelled: Labelled) -> Batch:
    examples = maker.make(labelled)
    return Batch(examples, [list(example.questions) for example in examples])


TOPIC = Labelled(HEALTH.text, topics=["health"])
STANCE = Labelled(SPORT.text, stances={"the coach": "favor", "the rain": "unrelated"})
OVERALL = Labelled(SPORT.text, stances={None: "favor"})
SUMMARISED = Labelled(CRIME.text, summary=SUMMARY)


@pytest.mark.parametrize(
    ("labelled", "heads", "losses"),
    [
        pytest.param(TOPIC, {"topic"}, {"topic"}, id="topic"),
        pytest.param(STANCE, {"stance"}, {"stance"}, id="stance"),
        pytest.param(OVERALL, {"overall"}, {"overall"}, id="overall"),
        pytest.param(
            SUMMARISED, {"salience", "decoder", "writer"}, {"salience", "writing"}, id="summary"
        ),
    ],
)
def test_only_heads_with_labels_learn(
    model: JointModel, maker: ExampleBuilder, labelled: Labelled, heads: set[str], losses: set[str]
) -> None:
    loss, found = model(batch(maker, labelled, Labelled("Rain fell on the old town.")))
    loss.backward()
    assert found.keys() == losses
    learn = [
        name
        for name, parameter in model.network.named_parameters()
        if parameter.grad is not None and parameter.grad.any()
    ]
    assert {HEADS[p] for p in HEADS if any(name.startswith(f"{p}.") for name in learn)} == heads
    assert any(name.startswith("encoder.") for name in learn)


def test_a_batch_without_labels_costs_nothing(model: JointModel, maker: ExampleBuilder) -> None:
    loss, found = model(batch(maker, Labelled("Rain fell on the old town.")))
    loss.backward()
    assert (loss.item(), found) == (0.0, {})


def test_a_heads_loss_does_not_depend_on_rows_without_its_labels(
    model: JointModel, maker: ExampleBuilder
) -> None:
    with torch.no_grad():
        _, alone = model(batch(maker, TOPIC))
        _, together = model(batch(maker, STANCE, TOPIC, SUMMARISED))
    assert together.keys() == {"topic", "stance", "salience", "writing"}
    assert together["topic"].mean.item() == pytest.approx(alone["topic"].mean.item(), abs=1e-4)
    items = {name: head.items for name, head in together.items()}
    assert items == {"topic": 1, "stance": 2, "salience": 1, "writing": 2}


def test_the_total_is_the_weighted_sum_few_labels_counting_less(
    network: Network, maker: ExampleBuilder
) -> None:
    weights = Losses(topic=2.0, overall=1.5, stance=3.0, salience=5.0, writing=7.0)
    own = OwnWords(maker.own_words)
    model = JointModel(network, own, maker.encoder().write_id, weights)
    with torch.no_grad():
        loss, found = model(batch(maker, TOPIC, STANCE, OVERALL, SUMMARISED))
    shares = {
        "topic": 2.0 / 4,
        "overall": 1.5 / 4,
        "stance": 3.0 * 2 / 4,
        "salience": 5.0 / 4,
        "writing": 7.0 * 2 / 4,
    }
    total = sum(share * found[name].mean.item() for name, share in shares.items())
    assert loss.item() == pytest.approx(total, rel=1e-5)


def test_the_loss_is_low_where_the_answer_is_right(
    model: JointModel, maker: ExampleBuilder
) -> None:
    names = labels(None).topic_names
    with torch.no_grad():
        cast(PooledHead, model.network.head("topic")).out.bias[names.index("health")] += 50.0
        _, right = model(batch(maker, TOPIC))
        _, wrong = model(batch(maker, replace(TOPIC, topics=["sport"])))
    assert right["topic"].mean.item() < wrong["topic"].mean.item() - 20


def test_writing_can_be_learnt(network: Network, maker: ExampleBuilder) -> None:
    """A few steps on one summary: its words become likely."""
    torch.manual_seed(0)
    own = OwnWords(maker.own_words)
    model = JointModel(network, own, maker.encoder().write_id, Losses())
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    one = batch(maker, SUMMARISED)
    losses = []
    for _ in range(25):
        loss, found = model(one)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(found["writing"].mean.item())
    assert losses[-1] < losses[0] / 2
    assert all(math.isfinite(each) for each in losses)


def test_texts_and_questions_are_encoded_once_where_a_head_learns_from_them(
    model: JointModel, maker: ExampleBuilder
) -> None:
    rows: list[int] = []
    for module in (model.network.encoder, model.network.reader):
        module.register_forward_hook(
            lambda module, args, output: rows.append(len(output.last_hidden_state))
        )
    examples: list[Example] = maker.make([TOPIC, STANCE, SUMMARISED])
    model(Batch(examples, [list(example.questions) for example in examples]))
    windows = [len(example.encoded.windows) for example in examples if example.whole]
    assert len(windows) == 2  # the text of which only stances are known is not read by itself
    assert sum(rows) == sum(windows) + 2
