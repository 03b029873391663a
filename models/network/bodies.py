"""The transformers that the network is built from: BERT, and MPNet for the large reader.

Both are the public classes of the transformers library, both read BERT's word pieces. MPNet's own
numbers of the same pieces are put in BERT's order when its published weights are read
(`training.fitting.start`), so no text is tokenised twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import torch
from torch import nn
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

MAX_LAYERS = 64
BERT, MPNET = "bert", "mpnet"
_COMMON = frozenset(
    {
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob",
        "max_position_embeddings", "initializer_range", "layer_norm_eps",
    }
)  # fmt: skip
SHAPE = {
    BERT: _COMMON | {"type_vocab_size", "pad_token_id"},
    MPNET: _COMMON | {"relative_attention_num_buckets"},
}
"""The part of a configuration that says what the network is, for each kind of body."""

Body = BertModel | MPNetModel


def check_layers(layers: object) -> None:
    """Raises ValueError for a number of layers that no stack has.

    It is checked before a network is built, because building a huge one never ends.
    """
    if type(layers) is not int or not 1 <= layers <= MAX_LAYERS:
        raise ValueError(f"each stack has 1 to {MAX_LAYERS} layers")


def shape_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """What a library's configuration says of the shape of a body. Raises KeyError or ValueError."""
    kind = config["model_type"]
    if kind not in SHAPE:
        raise ValueError(f"a {kind} is no body that this version reads")
    return {"model_type": kind, **{n: v for n, v in config.items() if n in SHAPE[kind]}}


def body(shape: Mapping[str, object]) -> Body:
    """A transformer of a shape. Raises KeyError or ValueError for a shape that is not read."""
    if shape.get("model_type") == MPNET:
        return MPNetModel(MPNetConfig.from_dict(_checked(shape, MPNET)), add_pooling_layer=False)
    return bert(shape)


def bert(shape: Mapping[str, object]) -> BertModel:
    """A BERT of a shape. Raises ValueError for a shape that is not read."""
    config = BertConfig.from_dict(_checked(shape, BERT), attn_implementation="sdpa")
    return BertModel(config, add_pooling_layer=False)


def _checked(shape: Mapping[str, object], kind: str) -> dict[str, object]:
    given = deepcopy(dict(shape))
    if given.pop("model_type", BERT) != kind or given.keys() - SHAPE[kind]:
        raise ValueError("the configuration of a body has entries that are not read")
    check_layers({"num_hidden_layers": 1, **given}["num_hidden_layers"])
    return given


def restore_buffers(model: Body) -> None:
    """Rebuilds the constant buffers that are not saved with the weights."""
    embeddings = model.embeddings
    positions = torch.arange(model.config.max_position_embeddings).expand(1, -1)
    for name, buffer in dict(embeddings.named_buffers()).items():
        fresh = positions if name == "position_ids" else torch.zeros_like(buffer, device="cpu")
        setattr(embeddings, name, nn.Buffer(fresh.clone(), persistent=False))
