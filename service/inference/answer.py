"""What became of one article: its analysis, the model that gave it, and the time it took."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from models.analysis import Analysis

if TYPE_CHECKING:
    from models.engine import ModelInfo


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which model gave an answer; `digest` identifies its weights and labels."""

    name: str
    version: str
    digest: str

    @classmethod
    def of(cls, info: ModelInfo) -> ModelId:
        return cls(info.name, info.version, info.digest)


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time went, in milliseconds: waiting, preparing, and in the model's batch."""

    queue: float
    prepare: float
    model: float


@dataclass(frozen=True, slots=True)
class Answer(Analysis):
    """The analysis of one article."""

    model: ModelId
    timing_ms: Timing

    @classmethod
    def of(cls, analysis: Analysis, model: ModelId, timing_ms: Timing) -> Answer:
        parts = {part.name: getattr(analysis, part.name) for part in fields(Analysis)}
        return cls(**parts, model=model, timing_ms=timing_ms)
