"""The weights of an artifact: word embeddings and readers in int8, the rest in float16.

Those of the large reader lie in files of their own, none of them larger than `MAX_FILE_BYTES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from models.article import Tier
from models.errors import ArtifactSchema
from models.network.bodies import restore_buffers
from models.network.network import Network
from models.network.reader import Reader

SCALE, INT8_MAX, LEAST_SCALE = ".scale", 127, 1e-20
IN_INT8 = ("encoder.embeddings.word_embeddings.", "fast.body.", "full.body.")
NOT_IN_INT8 = "relative_attention_bias"
"""Where eight bits cost no figure that was measured. In the encoder's layers they did."""
MAX_FILE_BYTES = 90_000_000
FULL = f"readers.{Tier.FULL.value}."


def save(network: Network, dtype: torch.dtype) -> bytes:
    """The file of a network's weights but those of its large reader.

    In int8 are those matrices alone that bear it, the rest is in float16; or all is in `dtype`.
    """
    return save_tensors(_packed(_state(network, large=False), dtype))


def save_reader(network: Network, dtype: torch.dtype) -> list[bytes]:
    """The files of a network's large reader; none where it has none."""
    files: list[dict[str, Tensor]] = []
    left = 0
    for name, weights in sorted(_packed(_state(network, large=True), dtype).items()):
        if not files or weights.nbytes > left:
            files.append({})
            left = MAX_FILE_BYTES
        files[-1][name] = weights
        left -= weights.nbytes
    return [save_tensors(tensors) for tensors in files]


def load(network: Network, content: bytes) -> Network:
    """A network whose parameters are on no device, with the weights of a file, in float32.

    Raises ValueError or ArtifactSchema where they do not fit.
    """
    _assign(network, load_tensors(content), {n: _file_name(network, n) for n in _names(network)})
    restore_buffers(network.encoder)
    return network


def load_reader(reader: Reader, contents: Sequence[bytes]) -> Reader:
    """A large reader whose parameters are on no device, with the weights of its files, in float32.

    Raises ValueError or ArtifactSchema where they do not fit.
    """
    packed = {
        name: tensor for content in contents for name, tensor in load_tensors(content).items()
    }
    _assign(reader, packed, {name: f"{Tier.FULL.value}.{name}" for name in _names(reader)})
    restore_buffers(reader.body)
    return reader


def _assign(module: nn.Module, packed: Mapping[str, Tensor], names: Mapping[str, str]) -> None:
    """Gives a module the weights of a file, which have other names there."""
    state = module.state_dict()
    weights = _unpacked(packed, {names[name]: tensor.shape for name, tensor in state.items()})
    module.load_state_dict({name: weights[names[name]] for name in state}, assign=True)


def _names(module: nn.Module) -> list[str]:
    return list(module.state_dict())


def _state(network: Network, *, large: bool) -> dict[str, Tensor]:
    return {
        _file_name(network, name): tensor.cpu()
        for name, tensor in network.state_dict().items()
        if name.startswith(FULL) == large
    }


def _file_name(network: Network, name: str) -> str:
    """What a parameter is called in the file. Shared embeddings are the encoder's there."""
    part, *rest = name.split(".")
    if part == "readers":
        shared = rest[0] == Tier.FAST and rest[1:3] == ["body", "embeddings"]
        return ".".join(["encoder", *rest[2:]] if shared else rest)
    if part == "heads":
        return network.head(rest[0]).file_name(rest[0], ".".join(rest[1:]))
    return name


def _packed(state: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Weights as they are saved. In int8 a row of a matrix is whole numbers times its scale.

    The scale has so few digits that what is loaded and saved again is the same.
    """
    if dtype is not torch.int8:
        return {name: weights.to(dtype).contiguous() for name, weights in state.items()}
    small = {name for name, weights in state.items() if weights.dim() == 2 and _bears_int8(name)}
    packed = {name: state[name].half().contiguous() for name in state.keys() - small}
    for name in small:
        weights = state[name].float()
        scale = (weights.abs().amax(1, keepdim=True) / INT8_MAX).clamp(min=LEAST_SCALE).bfloat16()
        packed[name], packed[name + SCALE] = (weights / scale).round().to(dtype), scale
    return packed


def _bears_int8(name: str) -> bool:
    return name.startswith(IN_INT8) and NOT_IN_INT8 not in name


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
