"""A random artifact with the real schema, made in a second: for tests, load and crash trials."""

from __future__ import annotations

import string
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from torch import nn

from models.article import Tier
from models.artifact import artifact
from models.network.bodies import MPNET
from models.network.reader import Reader
from models.tasks.build import build
from models.tasks.form.section import FormSection
from models.tasks.stance.section import StanceSection
from models.tasks.subject.section import SubjectSection
from models.tasks.summary.section import SummarySection
from models.tasks.topic.section import TopicSection
from models.text.english import ENGLISH
from training.labels import LabelSchema

ENDINGS = "ed er es ing ion ly ment s tion al ic ity ness able".split()  # noqa: SIM905
SPREAD = 0.5
"""Standard deviation of the weights: wide enough that labels differ between articles."""
SHAPE = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "max_position_embeddings": 512,
}


def tiny_artifact(labels: LabelSchema, seed: int = 0) -> artifact.Artifact:
    """A network of 32 dimensions with random weights, which are the same for the same seed."""
    tokenizer = _tokenizer()
    tasks: dict[str, Any] = {
        "topic": TopicSection(labels.topic),
        "stance": StanceSection(labels.stance, labels.overall),
        "summary": SummarySection(),
        "subject": SubjectSection(),
    }
    if labels.form:
        tasks["form"] = FormSection(labels.form)
    torch.manual_seed(seed)
    shape = {"vocab_size": tokenizer.get_vocab_size(), **SHAPE}
    readers: dict[Tier, dict[str, Any]] = {
        Tier.FULL: {"labels": len(labels.stance), "body": {"model_type": MPNET, **shape}},
        Tier.FAST: {"labels": len(labels.stance), "body": shape},
    }
    network = build(shape, tasks, {t: Reader(r["body"], r["labels"]) for t, r in readers.items()})
    spread(network)
    return artifact.Artifact(
        name="tiny",
        version="0",
        created=time.strftime("%Y-%m-%d", time.gmtime()),
        tasks=tasks,
        max_windows=8,
        network=network,
        tokenizer=tokenizer,
        readers=readers,
        card="# tiny\n\nRandom weights, for trials. Its answers mean nothing.\n",
    )


def spread(module: nn.Module) -> None:
    """Gives a module random weights."""
    for name, parameter in module.named_parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=SPREAD)
        elif name.endswith("bias"):
            nn.init.zeros_(parameter)


def write_tiny(directory: Path, labels: LabelSchema, seed: int = 0) -> str:
    """Saves a tiny artifact and returns its digest."""
    return artifact.save(tiny_artifact(labels, seed), directory)


def _tokenizer() -> Tokenizer:
    """Word pieces: letters, digits, marks, function words and common endings."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = string.ascii_lowercase + string.digits
    pieces = [
        *special,
        *string.punctuation,
        *"‘’“”–—…£€",
        *characters,
        *(f"##{piece}" for piece in (*characters, *ENDINGS)),
        *sorted(word for word in ENGLISH.function_words if len(word) > 1 and word.isalpha()),
    ]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer
