"""What an artifact's config.json says of the summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class SummarySection:
    """The writer's own words, and the sizes of the decoder and of the salience head."""

    own_words: tuple[str, ...]
    decoder_layers: int = 3
    salience_layers: int = 1

    def __post_init__(self) -> None:
        if not self.own_words or not all(isinstance(word, str) for word in self.own_words):
            raise ValueError("the writer's own words are text")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Reads the section. Raises KeyError, TypeError or ValueError."""
        if not isinstance(data["own_words"], list):
            raise TypeError("a list is expected")
        return cls(**{**data, "own_words": tuple(data["own_words"])})
