"""The weights of an artifact: word embeddings and the reader in int8, the rest in float16."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from models.errors import ArtifactSchema
from models.network.network import Network

SCALE, INT8_MAX, LEAST_SCALE = ".scale", 127, 1e-20
IN_INT8 = ("encoder.embeddings.word_embeddings.", "reader.")
"""Where eight bits cost no figure that was measured. In the encoder's layers they did."""


def save(network: Network, dtype: torch.dtype) -> bytes:
    """The file of a network's weights.

    In int8 are those matrices alone that bear it, the rest is in float16; or all is in `dtype`.
    """
    state = {
        _file_name(network, name): tensor.cpu() for name, tensor in network.state_dict().items()
    }
    return save_tensors(_packed(state, dtype))


def load(network: Network, content: bytes) -> Network:
    """A network whose parameters are on no device, with the weights of a file, in float32.

    Raises ValueError or ArtifactSchema where they do not fit.
    """
    state = network.state_dict()
    names = {name: _file_name(network, name) for name in state}
    shapes = {names[name]: tensor.shape for name, tensor in state.items()}
    weights = _unpacked(load_tensors(content), shapes)
    network.load_state_dict({name: weights[names[name]] for name in state}, assign=True)
    return _with_buffers(network)


def _file_name(network: Network, name: str) -> str:
    """What a parameter is called in the file, which names plain stacks of BERT layers.

    Embeddings that are shared are the encoder's there.
    """
    part, *rest = name.split(".")
    if part == "reader":
        return ".".join(["encoder", *rest] if rest[0] == "embeddings" else [part, *rest[1:]])
    if part == "heads":
        return network.head(rest[0]).file_name(rest[0], ".".join(rest[1:]))
    return name


def _packed(state: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Weights as they are saved. In int8 a row of a matrix is whole numbers times its scale.

    The scale has so few digits that what is loaded and saved again is the same.
    """
    if dtype is not torch.int8:
        return {name: weights.to(dtype).contiguous() for name, weights in state.items()}
    small = {name for name in state if name.startswith(IN_INT8) and state[name].dim() == 2}
    packed = {name: state[name].half().contiguous() for name in state.keys() - small}
    for name in small:
        weights = state[name].float()
        scale = (weights.abs().amax(1, keepdim=True) / INT8_MAX).clamp(min=LEAST_SCALE).bfloat16()
        packed[name], packed[name + SCALE] = (weights / scale).round().to(dtype), scale
    return packed


def _unpacked(packed: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    """The weights in float32. Raises ValueError or ArtifactSchema where they do not fit."""
    found = {name: tensor for name, tensor in packed.items() if not name.endswith(SCALE)}
    if {name: tensor.shape for name, tensor in found.items()} != shapes:
        raise ValueError("weights and network do not fit")
    for name, weights in found.items():
        found[name] = weights.float()
        if weights.dtype is torch.int8:
            scale = packed[name + SCALE]
            if scale.shape != (len(weights), 1):
                raise ValueError("weights and their scales do not fit")
            found[name] *= scale.float()
        if not found[name].isfinite().all():
            raise ArtifactSchema("some of its weights are no numbers; train it again")
    return found


def _with_buffers(network: Network) -> Network:
    """Rebuilds the constant buffers that are not saved with the weights."""
    embeddings, positions = network.encoder.embeddings, network.positions
    embeddings.position_ids = nn.Buffer(torch.arange(positions).expand(1, -1), persistent=False)
    embeddings.token_type_ids = nn.Buffer(
        torch.zeros(1, positions, dtype=torch.long), persistent=False
    )
    return network
