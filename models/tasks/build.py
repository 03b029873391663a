"""A network with the heads that some tasks need."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from models import registry
from models.article import Tier
from models.network.network import Network
from models.network.reader import Reader


def build(
    shape: Mapping[str, object],
    sections: Mapping[str, Any],
    readers: Mapping[Tier, Reader] = MappingProxyType({}),
) -> Network:
    """A network with fresh weights: its shape is the encoder's, `sections` are of its tasks."""
    return Network(
        shape,
        {
            name: partial(registry.get(name).load().make_head, section)
            for name, section in sections.items()
        },
        readers,
    )
