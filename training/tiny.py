"""A random artifact with the real schema, made in a second: for tests, load and crash trials."""

from __future__ import annotations

import string
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

from models.artifact import artifact
from models.encoding.tokens import STANCE_TOKEN, WRITE_TOKEN
from models.labels import LabelSchema
from models.network.network import END, Network, NetworkConfig, WriterHead
from models.text.english import ENGLISH

OWN_WORDS = (
    "</s>",
    ",",
    "a",
    "and",
    "has",
    "in",
    "is",
    "it",
    "of",
    "on",
    "says",
    "the",
    "to",
    "was",
)
ENDINGS = "ed er es ing ion ly ment s tion al ic ity ness able".split()  # noqa: SIM905
SPREAD = 0.5
"""Standard deviation of the weights: wide enough that labels differ between articles."""


def tiny_artifact(labels: LabelSchema, seed: int = 2) -> artifact.Artifact:
    """A network of 32 dimensions with random weights, which are the same for the same seed."""
    tokenizer = _tokenizer()
    network = Network(
        NetworkConfig(
            encoder={
                "vocab_size": tokenizer.get_vocab_size(),
                "hidden_size": 32,
                "num_hidden_layers": 2,
                "num_attention_heads": 2,
                "intermediate_size": 64,
                "hidden_dropout_prob": 0.0,
                "attention_probs_dropout_prob": 0.0,
                "max_position_embeddings": 512,
            },
            topics=len(labels.topic),
            stances=len(labels.stance),
            writer_words=len(OWN_WORDS),
            decoder_layers=1,
        )
    )
    torch.manual_seed(seed)
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=SPREAD)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(parameter)
    _lead_on(network.writer)
    return artifact.Artifact(
        name="tiny",
        version="0",
        created=time.strftime("%Y-%m-%d", time.gmtime()),
        labels=labels,
        own_words=OWN_WORDS,
        max_windows=8,
        network=network,
        tokenizer=tokenizer,
        card="# tiny\n\nRandom weights, for trials. Its answers mean nothing.\n",
    )


@torch.no_grad()
def _lead_on(writer: WriterHead) -> None:
    """Makes it likely that the writer copies on, and that it ends, as a trained one does.

    Else nothing that it writes would stand the writer's checks, and no trial would meet a rewritten
    sentence.
    """
    for layer, share in ((writer.query, 0.1), (writer.gate, 0.1), (writer.own, 0.5)):
        layer.weight *= share
    writer.gate.bias[1] = 6
    writer.own.bias[END] = 5


def write_tiny(directory: Path, labels: LabelSchema, seed: int = 2) -> str:
    """Saves a tiny artifact and returns its digest."""
    return artifact.save(tiny_artifact(labels, seed), directory)


def _tokenizer() -> Tokenizer:
    """Word pieces: letters, digits, marks, function words and common endings."""
    special = ["[PAD]", STANCE_TOKEN, WRITE_TOKEN, "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
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
