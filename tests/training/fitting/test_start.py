"""Where a network starts: any BERT encoder, and the default labels."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path
from typing import NoReturn, cast

import pytest
from transformers import BertModel, T5Config

from models.artifact.artifact import Artifact, save
from models.tasks.summary.head import SummaryHead
from training.config import Config, ModelConfig
from training.errors import BaseError
from training.fitting.corpus import Corpus, build
from training.fitting.start import base_path, fresh_artifact, labels, tokenizer_json
from training.labels import LabelSchema


@pytest.fixture
def corpus(config: Config, base: Path) -> Corpus:
    return build(config, labels(None), tokenizer_json(str(base)))


def test_a_network_starts_from_the_encoder(config: Config, corpus: Corpus, base: Path) -> None:
    artifact = fresh_artifact(config.model, corpus)
    encoder = BertModel.from_pretrained(base, add_pooling_layer=False)
    mine = artifact.network.encoder.state_dict()
    assert all(mine[name].equal(tensor) for name, tensor in encoder.state_dict().items())
    decoder = (
        cast(SummaryHead, artifact.network.head("summary")).decoder.encoder.layer[-1].state_dict()
    )
    above = encoder.encoder.layer[-1].state_dict()
    assert all(decoder[name].equal(tensor) for name, tensor in above.items())
    assert len(artifact.tasks["topic"].labels) == 17
    assert artifact.tasks["summary"].own_words == corpus.own.words
    assert (artifact.name, artifact.max_windows) == ("trial", 8)


def test_attention_has_no_dropout_so_that_it_stays_fast(config: Config, corpus: Corpus) -> None:
    encoder = fresh_artifact(config.model, corpus).network.shape
    assert encoder["attention_probs_dropout_prob"] == 0.0


def test_the_default_encoder_is_the_packages(base: Path) -> None:
    assert base_path(str(base)) == str(base)
    assert (Path(base_path(None)) / "config.json").is_file()


def test_no_encoder_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(BaseError, match="--base") as caught:
        tokenizer_json(str(tmp_path / "nowhere"))
    assert "\n" not in str(caught.value)


def test_nothing_is_fetched_for_an_encoder(
    monkeypatch: pytest.MonkeyPatch, base: Path, tmp_path: Path
) -> None:
    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError("something remote was asked")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    with pytest.raises(BaseError, match="no/where: no directory of an encoder"):
        base_path("no/where")
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        with pytest.raises(BaseError, match=f"{name}.* is not there; give --base a whole one"):
            base_path(str(tmp_path))
        shutil.copy(base / name, tmp_path)
    assert tokenizer_json(base_path(str(tmp_path)))


def test_a_run_that_goes_on_keeps_what_its_start_has(
    corpus: Corpus, tiny_artifact: Artifact, tmp_path: Path
) -> None:
    save(tiny_artifact, tmp_path / "start")
    kept = fresh_artifact(ModelConfig(start=tmp_path / "start", version="2"), corpus)
    named = fresh_artifact(ModelConfig(start=tmp_path / "start", name="mine"), corpus)
    assert (kept.name, kept.version, named.name) == ("tiny", "2", "mine")
    assert kept.tasks["summary"] == tiny_artifact.tasks["summary"]


def test_another_kind_of_encoder_is_refused(
    config: Config, corpus: Corpus, base: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(base, tmp_path / "t5"))
    T5Config().save_pretrained(other)
    with pytest.raises(BaseError, match="t5; give a BERT encoder"):
        fresh_artifact(ModelConfig(base=str(other)), corpus)


def test_a_run_may_bring_its_own_labels(tmp_path: Path) -> None:
    schema = {
        "topic": [{"name": "a"}, {"name": "b", "code": "x:1"}],
        "stance": [{"name": "pro"}, {"name": "con"}],
        "overall": ["pro"],
    }
    (tmp_path / "labels.json").write_text(json.dumps(schema))
    assert labels(tmp_path / "labels.json") == LabelSchema.from_json(schema)
