"""A network with the heads that some tasks need."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from models import registry
from models.network.network import Network


def build(shape: Mapping[str, object], sections: Mapping[str, Any]) -> Network:
    """A network with fresh weights: its shape is the encoder's, `sections` are of its tasks."""
    return Network(
        shape,
        {
            name: partial(registry.get(name).load().make_head, section)
            for name, section in sections.items()
        },
    )
