"""What became of one article: its analysis, the model that gave it, and the time it took."""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass
from typing import TYPE_CHECKING, Any

from pydantic import GetCoreSchemaHandler, TypeAdapter

from models import registry
from models.analysis import Analysis, InputReport
from models.article import Tier

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

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> Any:
        """The schema of what `as_json` writes, with the tasks that are registered now."""
        return handler.generate_schema(_documented())


_FLAT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def as_json(analysis: Analysis, indent: int | None = None) -> bytes:
    """An analysis or an answer as it is shown: a field for each task, null without a result."""
    return _FLAT.dump_json(_flat(analysis), indent=indent)


def _flat(analysis: Analysis) -> dict[str, Any]:
    results = {name: analysis.results.get(name) for name in registry.names()}
    others = {part.name: getattr(analysis, part.name) for part in fields(analysis)}
    del others["results"]
    return results | others


def _documented() -> type:
    """A type with the fields of an answer as it is shown."""
    tasks = [(task.name, task.result | None) for task in registry.tasks()]
    return make_dataclass(
        "Answer",
        [
            *tasks,
            ("language", str | None),
            ("reader", Tier | None),
            ("warnings", tuple[str, ...]),
            ("input", InputReport),
            ("model", ModelId),
            ("timing_ms", Timing),
        ],
        namespace={"__doc__": Answer.__doc__},
    )
