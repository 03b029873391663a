"""The joint loss: heads without labels learn nothing, and one encoding serves all."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch

from models.article import Kind, Tier
from models.artifact.artifact import Artifact
from models.network.heads import PooledHead
from models.network.network import Network
from tests.support.articles import CRIME, HEALTH, SPORT
from training.config import Losses, Source
from training.data.examples import Example, ExampleBuilder
from training.data.labelled import Edited, Labelled
from training.fitting.losses import Batch, HeadLoss, JointModel
from training.fitting.start import labels

SUMMARY = (
    "A former bank clerk stole more than £410,000 from elderly customers.\n"
    "Dennis Walgrave pleaded guilty to 14 counts of fraud."
)
TOKENS = 4096
HEADS = {
    "heads.topic": "topic",
    "heads.form": "genre",
    "heads.subject": "about",
    "heads.stance.overall": "overall",
    "heads.summary.choosing": "choosing",
    "heads.summary.deleting": "deleting",
    "heads.summary.form": "form",
    "readers.fast.stance": "stance",
    "readers.fast.claim": "claim",
    "readers.fast.kind": "kind",
    "readers.fast.evidence": "evidence",
    "readers.fast.news": "news",
}


@pytest.fixture
def network(tiny_artifact: Artifact) -> Network:
    """A network of its own, without dropout, so that losses can be compared."""
    return deepcopy(tiny_artifact.network).eval()


@pytest.fixture(scope="module")
def maker(tiny_artifact: Artifact) -> ExampleBuilder:
    source = Source(path=Path("x"), max_tokens=256)
    return ExampleBuilder(tiny_artifact.tokenizer.to_str(), labels(None), source, 0, reads=False)


def batch(maker: ExampleBuilder, *labelled: Labelled) -> Batch:
    examples = maker.make(labelled)
    return Batch(examples, [list(example.questions) for example in examples])


def losses(
    network: Network, maker: ExampleBuilder, *labelled: Labelled, weights: Losses | None = None
) -> tuple[torch.Tensor, dict[str, HeadLoss]]:
    """The losses of the encoder's heads, or of the small reader's where the maker reads."""
    reader = Tier.FAST if maker.reads else None
    found: tuple[torch.Tensor, dict[str, HeadLoss]] = JointModel(
        network, reader, weights or Losses(), TOKENS
    )(batch(maker, *labelled))
    return found


TOPIC = Labelled(HEALTH.text, topics=["health"])
STANCE = Labelled(SPORT.text, stances={"the coach": "favor", "the rain": "unrelated"})
CLAIM = Labelled(SPORT.text, stances={"It rained.": "favor"}, kinds={"It rained.": Kind.CLAIM})
GENRE = Labelled(SPORT.text, genre="report")
SUBJECT = Labelled(SPORT.text, subject=" ".join(SPORT.text.split()[:3]))
OVERALL = Labelled(SPORT.text, stances={None: "favor"})
SUMMARISED = Labelled(CRIME.text, summary=SUMMARY)
FIRST = CRIME.text.index(".") + 1
BRIEF = Labelled(CRIME.text, edited=(Edited(0, FIRST, CRIME.text[:FIRST]),))


@pytest.mark.parametrize(
    ("labelled", "heads", "expected"),
    [
        pytest.param(TOPIC, {"topic"}, {"topic"}, id="topic"),
        pytest.param(GENRE, {"genre"}, {"genre"}, id="genre"),
        pytest.param(SUBJECT, {"about"}, {"about"}, id="subject"),
        pytest.param(OVERALL, {"overall"}, {"overall"}, id="overall"),
        pytest.param(SUMMARISED, {"choosing"}, {"chosen"}, id="summary"),
        pytest.param(
            BRIEF,
            {"choosing", "deleting", "form"},
            {"chosen", "extracts", "alone", "deleting", "form"},
            id="brief",
        ),
    ],
)
def test_only_heads_with_labels_learn(
    network: Network,
    maker: ExampleBuilder,
    labelled: Labelled,
    heads: set[str],
    expected: set[str],
) -> None:
    loss, found = losses(network, maker, labelled)
    loss.backward()  # type: ignore[no-untyped-call]
    assert found.keys() == expected
    assert learning(network) == heads
    weight = network.encoder.get_parameter("encoder.layer.0.output.dense.weight")
    assert weight.grad is not None


@pytest.mark.parametrize(
    ("labelled", "heads", "expected"),
    [
        pytest.param(CLAIM, {"claim", "kind", "evidence"}, {"stance", "kind"}, id="claim"),
        pytest.param(
            replace(CLAIM, kinds={"It rained.": Kind.ISSUE}),
            {"stance", "kind", "evidence"},
            {"stance", "kind"},
            id="issue",
        ),
    ],
)
def test_a_reader_learns_from_its_questions(
    network: Network,
    maker: ExampleBuilder,
    labelled: Labelled,
    heads: set[str],
    expected: set[str],
) -> None:
    loss, found = losses(network, replace(maker, reads=True), labelled)
    loss.backward()  # type: ignore[no-untyped-call]
    assert found.keys() == expected
    assert learning(network) == heads


def test_a_reader_learns_which_sentences_tell_the_news(
    network: Network, maker: ExampleBuilder
) -> None:
    told = replace(maker, reads=True, source=maker.source.model_copy(update={"news": True}))
    loss, found = losses(network, told, BRIEF)
    loss.backward()  # type: ignore[no-untyped-call]
    assert found.keys() == {"news"}
    assert learning(network) == {"news"}


def learning(network: Network) -> set[str]:
    names = [n for n, p in network.named_parameters() if p.grad is not None and p.grad.any()]
    return {HEADS[part] for part in HEADS if any(name.startswith(f"{part}.") for name in names)}


def test_a_batch_without_labels_costs_nothing(network: Network) -> None:
    loss, found = JointModel(network, None, Losses(), TOKENS)(Batch([], []))
    loss.backward()
    assert (loss.item(), found) == (0.0, {})


def test_a_heads_loss_does_not_depend_on_rows_without_its_labels(
    network: Network, maker: ExampleBuilder
) -> None:
    with torch.no_grad():
        _, alone = losses(network, maker, TOPIC)
        _, together = losses(network, maker, OVERALL, TOPIC, SUMMARISED)
    assert together.keys() == {"topic", "overall", "chosen"}
    assert together["topic"].mean.item() == pytest.approx(alone["topic"].mean.item(), abs=1e-4)
    assert {name: head.items for name, head in together.items()} == dict.fromkeys(together, 1)


def test_the_total_is_the_weighted_sum_few_labels_counting_less(
    network: Network, maker: ExampleBuilder
) -> None:
    weights = Losses(topic=2.0, overall=1.5, chosen=5.0)
    with torch.no_grad():
        loss, found = losses(network, maker, TOPIC, OVERALL, SUMMARISED, weights=weights)
    shares = {"topic": 2.0 / 4, "overall": 1.5 / 4, "chosen": 5.0 / 4}
    total = sum(share * found[name].mean.item() for name, share in shares.items())
    assert loss.item() == pytest.approx(total, rel=1e-5)


def test_the_loss_is_low_where_the_answer_is_right(network: Network, maker: ExampleBuilder) -> None:
    names = labels(None).topic_names
    with torch.no_grad():
        cast(PooledHead, network.head("topic")).out.bias[names.index("health")] += 50.0
        _, right = losses(network, maker, TOPIC)
        _, wrong = losses(network, maker, replace(TOPIC, topics=["sport"]))
    assert right["topic"].mean.item() < wrong["topic"].mean.item() - 20


def test_of_labels_of_which_one_is_right_either_will_do(
    network: Network, maker: ExampleBuilder
) -> None:
    reading = replace(maker, reads=True)
    either: dict[str | None, tuple[str, ...]] = {"the rain": ("against", "neutral")}
    with torch.no_grad():
        each = [
            losses(network, reading, Labelled(SPORT.text, stances={"the rain": label}))[1]
            for label in ("against", "neutral")
        ]
        _, both = losses(network, reading, Labelled(SPORT.text, either=either))
    assert both["stance"].mean.item() < min(one["stance"].mean.item() for one in each)


def test_a_reader_that_says_what_its_teacher_says_has_nothing_to_learn_of_it(
    network: Network, maker: ExampleBuilder
) -> None:
    examples = replace(maker, reads=True).make([STANCE])
    asked = [list(example.questions) for example in examples]
    model = JointModel(network, Tier.FAST, Losses(), TOKENS)
    with torch.no_grad():
        reader = network.reader(Tier.FAST)
        own = reader.read([each.question for each in asked[0]], 4096).logits
        _, same = model(Batch(examples, asked, own))
        _, other = model(Batch(examples, asked, own.flip(-1) * 5))
    assert same["taught"].mean.item() == pytest.approx(0, abs=1e-5)
    assert other["taught"].mean.item() > 0.1


def test_choosing_and_deleting_can_be_learnt(network: Network, maker: ExampleBuilder) -> None:
    """A few steps on one brief: its sentence and its deletions become likely."""
    torch.manual_seed(0)
    text = CRIME.text[:FIRST].replace("A former bank clerk", "A former bank clerk, who fled,")
    brief = Labelled(text + CRIME.text[FIRST:], edited=(Edited(0, len(text), CRIME.text[:FIRST]),))
    model = JointModel(network, None, Losses(), TOKENS)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    one, history = batch(maker, brief), []
    for _ in range(25):
        loss, found = model(one)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append({name: head.mean.item() for name, head in found.items()})
    for name in ("chosen", "deleting", "form"):
        assert history[-1][name] < history[0][name] / 2, name
    assert all(math.isfinite(each) for step in history for each in step.values())


def test_a_text_is_encoded_once_for_all_heads(network: Network, maker: ExampleBuilder) -> None:
    rows: list[int] = []
    network.encoder.register_forward_hook(
        lambda module, args, output: rows.append(len(output.last_hidden_state))
    )
    examples: list[Example] = maker.make([TOPIC, SUMMARISED, OVERALL])
    JointModel(network, None, Losses(), TOKENS)(Batch(examples, [[] for _ in examples]))
    assert sum(rows) == sum(len(example.encoded.windows) for example in examples)
