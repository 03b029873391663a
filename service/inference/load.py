"""Loads the configured model. Torch is imported here only, and late: it takes seconds."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from models.artifact.manifest import MANIFEST
from models.errors import ArtifactMissing
from service.current import artifact_of
from service.errors import ModelUnavailable
from service.inference.model import Model
from service.settings import Settings


def load_engine(settings: Settings, parallel: int | None = None) -> Model:
    """The engine of the configured artifact, or of a registry's current version.

    It reads `parallel` batches at once; None is as many as is fast. Raises ArtifactError, or
    ModelUnavailable.
    """
    directory = artifact_of(settings.model)
    if not (directory / MANIFEST).is_file():
        missing = ArtifactMissing("no model is there; name an artifact's directory")
        missing.directory = settings.model
        raise missing
    try:
        with _collector_paused():
            from models.engine import Engine

            return Engine.load(
                directory,
                device=settings.device,
                dtype=settings.dtype,
                threads=settings.threads,
                max_batch_tokens=settings.max_batch_tokens,
                parallel=parallel,
                reader=settings.reader,
            )
    except ValueError as error:
        raise ModelUnavailable(str(error)) from error


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Imports leave next to no garbage, and the search for it takes a sixth of their time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
