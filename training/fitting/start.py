"""Where a network starts: bodies that were trained before, and default labels."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoTokenizer, BertModel, MPNetModel

from models.article import Tier
from models.artifact.artifact import Artifact, load
from models.encoding.tokens import tokenizer_from
from models.network.bodies import BERT, MPNET, shape_of
from models.network.reader import Reader
from models.tasks.build import build
from models.tasks.form.section import FormSection
from models.tasks.stance.section import StanceSection
from models.tasks.subject.section import SubjectSection
from models.tasks.summary.head import SummaryHead
from models.tasks.summary.section import SummarySection
from models.tasks.topic.section import TopicSection
from training.config import ModelConfig
from training.errors import BaseError
from training.fitting.bases import encoder_base, reader_base
from training.labels import LabelSchema

DEFAULT_NAME = "nutgraf-mini"
DEFAULT_LABELS = Path(__file__).with_name("labels.json")
WORD_PIECES = "embeddings.word_embeddings.weight"
MPNET_PIECES = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>", "[MASK]": "<mask>"}
"""What the encoder's special pieces are called in MPNet's vocabulary; the others are the same."""


def labels(path: Path | None) -> LabelSchema:
    """The label schema of a run, from a JSON file; by default `labels.json` beside this."""
    return LabelSchema.from_json(json.loads((path or DEFAULT_LABELS).read_text("utf-8")))


def labels_of_run(run: ModelConfig) -> LabelSchema:
    """The label schema of a run: of the artifact that it goes on from, or of its own."""
    return labels(run.labels) if run.start is None else labels_of(load(run.start))


def labels_of(artifact: Artifact) -> LabelSchema:
    """The label schema of an artifact to go on from."""
    topic, stance = artifact.tasks["topic"], artifact.tasks["stance"]
    form = artifact.tasks.get("form")
    return LabelSchema(topic.labels, stance.labels, stance.overall, form.labels if form else ())


def tokenizer_json(base: str) -> str:
    """The starting encoder's tokenizer. Raises BaseError."""
    try:
        found = AutoTokenizer.from_pretrained(base, local_files_only=True)
        backend: Tokenizer = found.backend_tokenizer
    except (OSError, ValueError) as error:
        raise BaseError(
            f"{base}: its tokenizer cannot be read; give --base another encoder"
        ) from error
    return str(backend.to_str())


def fresh_artifact(run: ModelConfig, labels: LabelSchema, unpacked: Path) -> Artifact:
    """An artifact whose network is ready to be trained; packed weights go to `unpacked`.

    Raises BaseError or an ArtifactError.
    """
    created = time.strftime("%Y-%m-%d", time.gmtime())
    if run.start is not None:
        start = load(run.start)
        return replace(start, name=run.name or start.name, version=run.version, created=created)
    base = encoder_base(run.base)
    shape = _shape(base, BERT)
    readers: dict[Tier, dict[str, Any]] = {Tier.FAST: {"labels": len(labels.stance), "body": shape}}
    if run.large_reader:
        large = reader_base(run.reader_base, unpacked)
        body = {**_shape(large, MPNET), "vocab_size": shape["vocab_size"]}
        readers[Tier.FULL] = {"labels": len(labels.stance), "body": body}
    tasks: dict[str, Any] = {
        "topic": TopicSection(labels.topic),
        "stance": StanceSection(labels.stance, labels.overall),
        "summary": SummarySection(run.choosing_layers),
        "subject": SubjectSection(),
    }
    if labels.form:
        tasks["form"] = FormSection(labels.form)
    network = build(shape, tasks, {t: Reader(r["body"], r["labels"]) for t, r in readers.items()})
    pretrained = BertModel.from_pretrained(base, add_pooling_layer=False, local_files_only=True)
    network.encoder.load_state_dict(pretrained.state_dict())
    network.reader(Tier.FAST).body.encoder.load_state_dict(network.encoder.encoder.state_dict())
    cast(SummaryHead, network.head("summary")).warm_start(network.encoder)
    tokenizer = tokenizer_from(tokenizer_json(base))
    if run.large_reader:
        _start_large(network.reader(Tier.FULL), large, tokenizer)
    return Artifact(
        name=run.name or DEFAULT_NAME,
        version=run.version,
        created=created,
        tasks=tasks,
        max_windows=run.max_windows,
        network=network,
        tokenizer=tokenizer,
        readers=readers,
    )


def _shape(base: str, kind: str) -> dict[str, Any]:
    """The shape of a body, without dropout: in attention it leaves the fast path of a CPU, and the
    heads keep theirs. Raises BaseError."""
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    if config.model_type != kind:
        raise BaseError(f"{base}: a {config.model_type} where a {kind} is expected; give another")
    return shape_of(
        {
            **config.to_dict(),
            "attention_probs_dropout_prob": 0.0,
            "hidden_dropout_prob": 0.0,
        }
    )


@torch.no_grad()
def _start_large(reader: Reader, base: str, tokenizer: Tokenizer) -> None:
    """Gives the large reader MPNet's weights, its word pieces in the order of the encoder's."""
    pretrained = MPNetModel.from_pretrained(base, add_pooling_layer=False, local_files_only=True)
    theirs = Tokenizer.from_file(str(Path(base) / "tokenizer.json")).get_vocab()
    pieces = tokenizer.get_vocab()
    order = [0] * len(pieces)
    for piece, number in pieces.items():
        order[number] = theirs[MPNET_PIECES.get(piece, piece)]
    state = pretrained.state_dict()
    state[WORD_PIECES] = state[WORD_PIECES][order]
    reader.body.load_state_dict(state)
