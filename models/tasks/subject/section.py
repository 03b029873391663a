"""What an artifact's config.json says of the subjects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class SubjectSection:
    """Nothing yet: the head has no labels."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the section. Raises TypeError for entries that are not read."""
        return cls(**data)
