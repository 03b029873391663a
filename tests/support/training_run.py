"""Fixtures for a small training run: an encoder with random weights and a few labelled articles."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from models.artifact.artifact import Artifact
from tests.support.articles import OPINION, SAMPLES
from training.config import Config, Stage, read
from training.data.roles import Role, role_of

WriteRows = Callable[..., Path]


@pytest.fixture(scope="session")
def base(tiny_artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a BERT encoder, as the transformers library saves it."""
    directory = tmp_path_factory.mktemp("base")
    torch.manual_seed(0)
    shape = {
        "vocab_size": tiny_artifact.tokenizer.get_vocab_size(),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
    }
    BertModel(BertConfig(**shape)).save_pretrained(directory)  # type: ignore[arg-type]
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tiny_artifact.tokenizer,
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        mask_token="[MASK]",
    ).save_pretrained(directory)
    return directory


@pytest.fixture
def write_rows(tmp_path: Path) -> WriteRows:
    """`write_rows(rows, "name.jsonl")` writes a file of labelled articles."""

    def write(rows: Iterable[dict[str, Any]], name: str = "rows.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


def in_role(text: str, role: Role) -> str:
    """A text with a dateline under which it has a role."""
    datelined = (f"Day {number}. {text}" for number in itertools.count(1))
    return next(found for found in datelined if role_of(found) is role)


def labelled_rows(role: Role = Role.TRAIN) -> list[dict[str, Any]]:
    """Labelled rows of one role.

    All have a topic; some have stances, an overall stance or a summary.
    """
    rows: list[dict[str, Any]] = []
    for number, sample in enumerate((*SAMPLES, OPINION)):
        first, second = sample.text.split("\n\n")[:2]
        rows.append(
            {
                "text": in_role(sample.text, role),
                "title": sample.title,
                "topic": sample.topic,
                "targets": list(sample.stances) or None,
                "stances": list(sample.stances.values()) or None,
                "overall": ("favor", "against", "neutral", None)[number % 4],
                "summary": f"{first}\n{' '.join(second.split()[:12])}." if number % 2 else None,
            }
        )
    return rows


def stage_of(rows: Path, **changes: Any) -> Stage:
    """A stage of two epochs over a few articles, in float32."""
    how = {
        "epochs": 2,
        "batch_tokens": 2048,
        "mixed_precision": "no",
        "freeze_embeddings": False,
        "head_rate": 1e-2,
        "body_rate": 1e-3,
    }
    source = {"path": rows, "unrelated": 2, "max_tokens": 256}
    stage = {"name": "trial", "trains": "encoder", "data": [source], "optimisation": how}
    return Stage.model_validate(stage | changes)


@pytest.fixture
def stage(write_rows: WriteRows) -> Stage:
    return stage_of(write_rows(labelled_rows()))


RUN = """
[model]
name = "trial"
base = "{base}"
[[stages]]
name = "heads"
trains = "encoder"
[stages.optimisation]
mixed_precision = "no"
batch_tokens = 2048
[[stages.data]]
path = "{rows}"
max_tokens = 256
[[stages]]
name = "reader"
trains = "fast"
[stages.optimisation]
mixed_precision = "no"
batch_tokens = 2048
[[stages.data]]
path = "{rows}"
max_tokens = 256
[[measured]]
path = "{rows}"
"""


@pytest.fixture
def run_file(base: Path, write_rows: WriteRows, tmp_path: Path) -> Path:
    """A run of two stages as a TOML file, for the commands."""
    path = tmp_path / "run.toml"
    path.write_text(RUN.format(base=base, rows=write_rows(labelled_rows())))
    return path


@pytest.fixture
def config(run_file: Path) -> Config:
    return read(run_file)
