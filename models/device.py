"""What of the machine this process may use. No torch at import."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def cores() -> int:
    """The processor's cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def device_of(wanted: str) -> torch.device:
    """The device of a name; `auto` is a GPU where there is one. Raises ValueError for no such.

    cuDNN's attention is switched off: it plans anew for every shape, and texts have all shapes.
    """
    import torch

    torch.backends.cuda.enable_cudnn_sdp(False)
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError("no CUDA device is here; set the device to cpu or auto")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        last = torch.cuda.device_count() - 1
        raise ValueError(f"there is no {wanted} here; the last CUDA device is cuda:{last}")
    return device


def dtype_of(wanted: str, device: torch.device) -> torch.dtype:
    """bfloat16 where the device computes it faster than float32, unless one is asked for."""
    import torch

    if wanted != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[wanted]
    return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether a device has instructions for bfloat16."""
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities: Callable[[], Mapping[str, object]] = getattr(torch.cpu, "get_capabilities", dict)
    return any(capabilities().get(name) for name in ("avx512_bf16", "amx_tile"))
