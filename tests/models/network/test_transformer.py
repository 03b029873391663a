"""The states are those of the transformers library, to the last bit."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from typing import Any

import pytest
import torch
from transformers import BertConfig, BertModel

from models.network.transformer import BertShape, Cache, Decoder, Encoder
from tests.support.paths import ROOT

SHAPE = BertShape(
    vocab_size=60, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=48
)


def theirs(shape: BertShape, **changes: Any) -> Any:
    settings: dict[str, Any] = {**asdict(shape), **changes, "attn_implementation": "sdpa"}
    torch.manual_seed(3)
    model: Any = BertModel(BertConfig(**settings), add_pooling_layer=False)
    return model.eval()


@pytest.mark.parametrize("lengths", [[9], [9, 9], [9, 4], [1, 9, 3]])
@torch.inference_mode()
def test_an_encoder_gives_the_states_of_the_library(lengths: list[int]) -> None:
    library, ours = theirs(SHAPE), Encoder(SHAPE).eval()
    ours.load_state_dict(library.state_dict())
    ids = torch.randint(1, 60, (len(lengths), 9))
    mask = torch.arange(9) < torch.tensor(lengths)[:, None]
    expected = library(input_ids=ids, attention_mask=mask).last_hidden_state
    assert ours(ids, mask).equal(expected)


@pytest.mark.parametrize("lengths", [[7], [7, 3]])
@torch.inference_mode()
def test_a_decoder_gives_the_states_of_the_library(lengths: list[int]) -> None:
    library = theirs(SHAPE, is_decoder=True, add_cross_attention=True)
    ours = Decoder(SHAPE).eval()
    ours.load_state_dict(library.state_dict())
    words, memory = torch.randn(len(lengths), 5, 32), torch.randn(len(lengths), 7, 32)
    mask = torch.arange(7) < torch.tensor(lengths)[:, None]
    read = {"encoder_hidden_states": memory, "encoder_attention_mask": mask}
    expected = library(inputs_embeds=words, **read).last_hidden_state
    assert ours(words, memory, mask, None).equal(expected)
    cache = Cache()
    steps = [ours(words[:, [step]], memory, mask, cache) for step in range(5)]
    torch.testing.assert_close(torch.cat(steps, 1), expected)


def test_a_shape_that_no_bert_has_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        BertShape(hidden_size=30, num_attention_heads=4)
    with pytest.raises(ValueError, match="gelu"):
        BertShape(hidden_act="tanh")


def test_loading_an_artifact_imports_neither_the_library_nor_a_compiler(tiny: object) -> None:
    code = (
        "import sys; from pathlib import Path; from models.engine import Engine; "
        "Engine.load(Path(sys.argv[1])).warm_up(); print(*sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, str(tiny)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    ).stdout.split()
    assert not {"transformers", "torch._dynamo", "sympy", "scipy"} & set(found)
