"""BERT as the encoder, the reader and the decoder are built from it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from inspect import signature

from transformers import BertConfig, BertModel

MAX_LAYERS = 64
CACHE = "cache" if "cache" in signature(BertModel.forward).parameters else "past_key_values"
"""What BertModel calls the cache of keys and values: the second up to transformers 5.23."""
SHAPE = frozenset(
    {
        "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
        "intermediate_size", "hidden_act", "hidden_dropout_prob", "attention_probs_dropout_prob",
        "max_position_embeddings", "type_vocab_size", "initializer_range", "layer_norm_eps",
        "pad_token_id",
    }
)  # fmt: skip
"""The part of a BERT configuration that says what the network is."""


def check_layers(layers: object) -> None:
    """Raises ValueError for a number of layers that no stack has.

    It is checked before a network is built, because building a huge one never ends.
    """
    if type(layers) is not int or not 1 <= layers <= MAX_LAYERS:
        raise ValueError(f"each stack has 1 to {MAX_LAYERS} layers")


def bert(shape: Mapping[str, object], **changes: object) -> BertModel:
    """A BERT of a shape, with some changes. Raises ValueError for a shape that is not read."""
    if shape.keys() - SHAPE:
        raise ValueError("the encoder's configuration has entries that are not read")
    check_layers({"num_hidden_layers": 1, **shape, **changes}["num_hidden_layers"])
    config = BertConfig.from_dict({**deepcopy(dict(shape)), **changes}, attn_implementation="sdpa")
    return BertModel(config, add_pooling_layer=False)
