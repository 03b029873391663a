"""Where a network starts: any BERT encoder, an MPNet for the large reader, default labels."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from transformers import BertModel, MPNetConfig, MPNetModel, T5Config

from models.article import Tier
from models.artifact.artifact import Artifact, save
from training.config import ModelConfig
from training.errors import BaseError
from training.fitting.start import MPNET_PIECES, fresh_artifact, labels, tokenizer_json
from training.labels import LabelSchema


@pytest.fixture(scope="module")
def large(tiny_artifact: Artifact, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an MPNet, whose vocabulary has its own order."""
    directory = tmp_path_factory.mktemp("large")
    torch.manual_seed(1)
    pieces = list(tiny_artifact.tokenizer.get_vocab())
    ours = {theirs: our for our, theirs in MPNET_PIECES.items()}
    order = ["<s>", "<pad>", "</s>", *sorted(set(pieces) - set(ours.values())), "<mask>"]
    vocabulary = {piece: number for number, piece in enumerate(order)}
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.save(str(directory / "tokenizer.json"))
    config = MPNetConfig(
        vocab_size=len(order), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32,
    )  # fmt: skip
    MPNetModel(config).save_pretrained(directory)
    return directory


def start(model: ModelConfig, tmp_path: Path) -> Artifact:
    return fresh_artifact(model, labels(None), tmp_path / "unpacked")


def test_a_network_starts_from_the_encoder(base: Path, tmp_path: Path) -> None:
    artifact = start(ModelConfig(name="trial", base=str(base)), tmp_path)
    encoder = BertModel.from_pretrained(base, add_pooling_layer=False)
    mine = artifact.network.encoder.state_dict()
    assert all(mine[name].equal(tensor) for name, tensor in encoder.state_dict().items())
    reader = artifact.network.reader(Tier.FAST).body.encoder.state_dict()
    assert all(reader[n].equal(tensor) for n, tensor in encoder.encoder.state_dict().items())
    assert len(artifact.tasks["topic"].labels) == 17
    assert (artifact.name, artifact.max_windows) == ("trial", 8)
    assert set(artifact.readers) == {Tier.FAST}


def test_the_large_reader_starts_from_mpnet_with_pieces_in_the_encoders_order(
    base: Path, large: Path, tmp_path: Path
) -> None:
    model = ModelConfig(base=str(base), large_reader=True, reader_base=str(large))
    artifact = start(model, tmp_path)
    save(artifact, tmp_path / "new")  # it is whole
    theirs = MPNetModel.from_pretrained(large, add_pooling_layer=False)
    theirs.eval()  # type: ignore[no-untyped-call]
    vocabulary = Tokenizer.from_file(str(large / "tokenizer.json")).get_vocab()
    read = artifact.tokenizer.encode("the tram ran")
    pieces = ["[CLS]", *read.tokens, "[SEP]"]
    known = [vocabulary[MPNET_PIECES.get(piece, piece)] for piece in pieces]
    mine = artifact.network.reader(Tier.FULL).eval()
    cls, sep = (artifact.tokenizer.token_to_id(piece) for piece in ("[CLS]", "[SEP]"))
    with torch.no_grad():
        expected = theirs(input_ids=torch.tensor([known])).last_hidden_state
        rows = torch.tensor([[cls, *read.ids, sep]])
        torch.testing.assert_close(mine.encode(rows, torch.ones_like(rows).bool()), expected)


def test_attention_has_no_dropout_so_that_it_stays_fast(base: Path, tmp_path: Path) -> None:
    encoder = start(ModelConfig(base=str(base)), tmp_path).network.shape
    assert encoder["attention_probs_dropout_prob"] == 0.0


def test_no_encoder_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(BaseError, match="--base") as caught:
        tokenizer_json(str(tmp_path / "nowhere"))
    assert "\n" not in str(caught.value)


def test_a_run_that_goes_on_keeps_what_its_start_has(
    tiny_artifact: Artifact, tmp_path: Path
) -> None:
    save(tiny_artifact, tmp_path / "start")
    kept = start(ModelConfig(start=tmp_path / "start", version="2"), tmp_path)
    named = start(ModelConfig(start=tmp_path / "start", name="mine"), tmp_path)
    assert (kept.name, kept.version, named.name) == ("tiny", "2", "mine")
    assert kept.tasks["summary"] == tiny_artifact.tasks["summary"]


def test_another_kind_of_encoder_is_refused(base: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(base, tmp_path / "t5"))
    T5Config().save_pretrained(other)
    with pytest.raises(BaseError, match="a t5 where a bert is expected"):
        start(ModelConfig(base=str(other)), tmp_path)


def test_a_run_may_bring_its_own_labels(tmp_path: Path) -> None:
    schema = {
        "topic": [{"name": "a"}, {"name": "b", "code": "x:1"}],
        "stance": [{"name": "pro"}, {"name": "con"}],
        "overall": ["pro"],
    }
    (tmp_path / "labels.json").write_text(json.dumps(schema))
    assert labels(tmp_path / "labels.json") == LabelSchema.from_json(schema)
