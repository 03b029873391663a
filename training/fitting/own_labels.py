"""Labels of a desk's own in place of a model's topics, or beside them, from few texts or from none.

The encoder stays as it is, so each text is read once, and a regression over the pooled states tells
the labels. What the result is worth is measured on texts that each regression did not see
(stratified cross-validation), and so are its temperature, its thresholds and its table of errors;
the labels that are saved were learned from all texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from torch import Tensor

from models.article import Article, Options
from models.artifact.artifact import Artifact
from models.engine import Engine
from models.labels import Label
from models.network.familiarity import Familiarity, covariance
from models.network.heads import Head
from models.network.network import Network
from models.network.reader import Reader
from models.tasks.build import build
from models.tasks.calibration import TEMPERED, tempered
from models.tasks.judged import Judged, label_figures
from models.tasks.labelling import ranked
from models.tasks.limits import table
from models.tasks.predictions import one_answer_of_each
from models.tasks.topic.head import LinearTopicHead
from models.tasks.topic.section import TopicCalibration, TopicSection
from training.data.labelled import Labelled
from training.errors import DataError
from training.evaluation.calibration import scaled, scaling, threshold
from training.fitting import familiarity

Array = NDArray[np.float64]
STRENGTH = 10.0
"""The inverse of the regression's regularisation. 1 to 100 differ by less than a point of F1."""
FEWEST_ROWS = 4
"""So many texts a label has at least: two to learn from, wherever two are held out."""
FOLDS = 5
OWN_WITHHELD = 0.1
"""Of texts with one of the labels this share is withheld as about none of them."""
PROMPT = "The news is about {}."
SHARPNESS = 0.8
"""What the likeness of a text and a name is multiplied by, so that their softmax is about right."""


class Mode(StrEnum):
    """Own labels take the place of the model's topics (`new`), or stand beside them (`extend`)."""

    NEW = "new"
    EXTEND = "extend"


@dataclass(frozen=True, slots=True)
class Read:
    """Texts as the encoder leaves them: pooled states of length 1, (A, H), and the number of the
    label of each."""

    states: Array
    numbers: NDArray[np.int64]
    texts: Sequence[str]


def learned(
    model: Artifact,
    engine: Engine,
    texts: Sequence[Labelled],
    labels: Sequence[Label],
    mode: Mode = Mode.NEW,
) -> tuple[Artifact, dict[str, Any]]:
    """A model with labels of one's own as its topics, and the figures of texts that were held out.

    `labels` are the own ones; each text has one of them as its first topic. `engine` runs another
    copy of the model. Raises DataError where a label has too few texts.
    """
    before = familiarity.of(engine.network)
    read = _read(engine, texts, [label.name for label in labels])
    _check(read, labels)
    every = (*labels, *_others(model, labels)) if mode is Mode.EXTEND else tuple(labels)
    remembered = _remembered(before, model, every, read) if mode is Mode.EXTEND else None
    judged, distances = _held_out(read, every, before, remembered)
    section = _section(every, judged, distances if mode is Mode.NEW else [])
    weights = _regression(_joined(read, remembered), len(every))
    network = _network(model, section)
    _fill(network.head("topic"), weights, before, _centres(_joined(read, remembered), len(every)))
    figures = label_figures(judged) | {"rows": len(read.texts), "folds": _folds(read.numbers)}
    return replace(model, tasks={**model.tasks, "topic": section}, network=network), figures


def from_names(model: Artifact, engine: Engine, labels: Sequence[Label]) -> Artifact:
    """A model that tells labels by their names and definitions, without a labelled text.

    A text is told by the cosine of its pooled state and that of `PROMPT` with a name, each value by
    its mean and deviation in the model's training texts.
    """
    known = familiarity.of(engine.network)
    scale = covariance(known.whitening_of_all).diagonal().sqrt()
    names = _pooled(engine, [PROMPT.format(label.name) for label in labels])
    told = [PROMPT.format(label.definition.rstrip(".") or label.name) for label in labels]
    states = torch.from_numpy((names + _pooled(engine, told)) / 2)
    likeness = torch.nn.functional.normalize((states - known.mean.cpu().double()) / scale.cpu())
    weights = (SHARPNESS * likeness / scale.cpu()).numpy()
    bias = -weights @ known.mean.cpu().double().numpy()
    section = TopicSection(tuple(labels), head="linear", zero_shot=True)
    network = _network(model, section)
    _fill(network.head("topic"), (weights, bias), known, states.numpy())
    return replace(model, tasks={**model.tasks, "topic": section}, network=network)


def _check(read: Read, labels: Sequence[Label]) -> None:
    counts = np.bincount(read.numbers, minlength=len(labels))
    few = [label.name for label, count in zip(labels, counts, strict=True) if count < FEWEST_ROWS]
    if few:
        raise DataError(
            f"each label needs {FEWEST_ROWS} different texts at least; fewer have: {', '.join(few)}"
        )


def _others(model: Artifact, labels: Sequence[Label]) -> list[Label]:
    own = {label.name for label in labels}
    return [label for label in model.tasks["topic"].labels if label.name not in own]


def _read(engine: Engine, texts: Sequence[Labelled], names: Sequence[str]) -> Read:
    articles = [Article(text.text, text.title, options=_options()) for text in texts]
    found = list(_states(engine, articles))
    kept = [n for n, state in enumerate(found) if state is not None]
    return Read(
        states=np.stack([state for state in found if state is not None]),
        numbers=np.array([names.index(texts[n].topics[0]) for n in kept]),
        texts=[texts[n].text for n in kept],
    )


def _pooled(engine: Engine, texts: Sequence[str]) -> Array:
    articles = [Article(text, options=_options()) for text in texts]
    return np.stack([state for state in _states(engine, articles) if state is not None])


def _options() -> Options:
    return Options(tasks=frozenset({"topic"}))


@torch.inference_mode()
def _states(engine: Engine, articles: Sequence[Article]) -> Iterator[Array | None]:
    """The pooled state of each article, of length 1; None where nothing can be read."""
    for at in range(0, len(articles), familiarity.BATCH):
        found = [
            familiarity.prepared(engine, article)
            for article in articles[at : at + familiarity.BATCH]
        ]
        ready = [each for each in found if each is not None]
        states, _, _ = familiarity.looked(engine, ready)
        rows = iter(torch.nn.functional.normalize(states.double().cpu(), dim=-1).numpy())
        yield from (next(rows) if each is not None else None for each in found)


def _remembered(known: Familiarity, model: Artifact, labels: Sequence[Label], read: Read) -> Read:
    """What stands for texts of the model's own topics, which are not at hand: states drawn about
    the centre of each, as many as a label of one's own has texts."""
    names = [label.name for label in model.tasks["topic"].labels]
    spread = covariance(known.whitening).cpu().numpy()
    count = max(FEWEST_ROWS, len(read.texts) // max(1, len(set(read.numbers.tolist()))))
    draw = np.random.default_rng(0)
    states, numbers = [], []
    for number, label in enumerate(labels):
        if label.name in names and number not in read.numbers:
            centre = known.centres[names.index(label.name)].double().cpu().numpy()
            drawn = draw.multivariate_normal(centre, spread, count, method="cholesky")
            states.append(drawn / np.linalg.norm(drawn, axis=1, keepdims=True))
            numbers += [number] * count
    return Read(np.concatenate(states), np.array(numbers), [""] * len(numbers))


def _joined(read: Read, remembered: Read | None) -> Read:
    if remembered is None:
        return read
    return Read(
        np.concatenate([read.states, remembered.states]),
        np.concatenate([read.numbers, remembered.numbers]),
        [*read.texts, *remembered.texts],
    )


def _part(read: Read, rows: NDArray[np.int64]) -> Read:
    return Read(read.states[rows], read.numbers[rows], [read.texts[row] for row in rows])


def _folds(numbers: NDArray[np.int64]) -> int:
    return min(FOLDS, int(np.bincount(numbers)[np.unique(numbers)].min()))


def _held_out(
    read: Read, labels: Sequence[Label], known: Familiarity, remembered: Read | None
) -> tuple[list[Judged], list[float]]:
    """The labels of each text by a regression that did not see it, and how far it is from each of
    the labels as that one knows them."""
    folds = StratifiedKFold(_folds(read.numbers), shuffle=True, random_state=0)
    judged, distances = [], []
    for seen, unseen in folds.split(read.states, read.numbers):
        learn, held = _joined(_part(read, seen), remembered), _part(read, unseen)
        weights, bias = _regression(learn, len(labels))
        centres = torch.from_numpy(_centres(learn, len(labels)))
        distances += _from(known, centres)(torch.from_numpy(held.states)).tolist()
        for row, number, text in zip(held.states, held.numbers, held.texts, strict=True):
            judged.append(_judged(weights @ row + bias, labels, labels[number].name, text))
    return judged, distances


def _judged(logits: Array, labels: Sequence[Label], gold: str, text: str) -> Judged:
    named = dict(zip((label.name for label in labels), logits.tolist(), strict=True))
    return Judged.of(ranked(tempered(named, 1.0)), (gold,), text)


def _from(known: Familiarity, centres: Tensor) -> Any:
    """Distances from other centres, in the spread of the model's own topics."""
    other = Familiarity(centres.shape[1], len(centres))
    state = known.state_dict() | {"centres": centres}
    other.load_state_dict({name: value.cpu().float() for name, value in state.items()})
    return other.from_classes


def _centres(read: Read, labels: int) -> Array:
    return np.stack([read.states[read.numbers == number].mean(0) for number in range(labels)])


def _regression(read: Read, labels: int) -> tuple[Array, Array]:
    """Weights (labels, H) and bias (labels) of a multinomial logistic regression."""
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(read.states, read.numbers)
    if labels > 2:
        return model.coef_, model.intercept_
    half, bias = model.coef_ / 2, model.intercept_ / 2  # of two labels only one has weights
    return np.concatenate([-half, half]), np.concatenate([-bias, bias])


def _section(
    labels: Sequence[Label], judged: Sequence[Judged], distances: Sequence[float]
) -> TopicSection:
    calibration: TopicCalibration = scaling([judged], TEMPERED, TopicCalibration())
    warm = [scaled(each, TEMPERED, calibration) for each in judged]
    calibration = replace(calibration, threshold=threshold(warm))
    if distances:
        limit = float(np.quantile(distances, 1 - OWN_WITHHELD))
        calibration = replace(calibration, max_class_distance=round(limit, 3))
    counted = table(one_answer_of_each(warm), calibration.threshold)
    return TopicSection(tuple(labels), calibration, {"topic": counted}, head="linear")


def _network(model: Artifact, section: TopicSection) -> Network:
    """The model's network with a fresh head for the topics."""
    sections = {**model.tasks, "topic": section}
    readers = {tier: Reader(of["body"], of["labels"]) for tier, of in model.readers.items()}
    network = build(model.network.shape, sections, readers)
    kept = {n: v for n, v in model.network.state_dict().items() if not n.startswith("heads.topic.")}
    network.load_state_dict(kept, strict=False)
    return network.eval()


@torch.no_grad()
def _fill(head: Head, weights: tuple[Array, Array], known: Familiarity, centres: Array) -> None:
    """Gives a head its weights, and what the model knows of texts, with centres of its labels."""
    head = cast(LinearTopicHead, head)
    head.out.weight.copy_(torch.from_numpy(weights[0]))
    head.out.bias.copy_(torch.from_numpy(weights[1]))
    state = known.state_dict() | {"centres": torch.from_numpy(centres)}
    head.familiarity.load_state_dict({name: value.float() for name, value in state.items()})
