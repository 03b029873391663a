"""Artifacts for registries: files that are verified and never read by a model."""

from __future__ import annotations

from pathlib import Path

from models.artifact.files import replace_directory
from models.artifact.manifest import (
    CARD,
    CONFIG,
    MANIFEST,
    METRICS,
    READER_FILES,
    TOKENIZER,
    WEIGHTS,
    digest_of,
    manifest_of,
    to_json,
)


def write_artifact(directory: Path, version: str, name: str = "desk") -> str:
    """Writes one, whose content hangs on its version. Returns its digest."""
    files = {
        WEIGHTS: version.encode() * 1000,
        READER_FILES[0]: b"reader" + version.encode(),
        CONFIG: to_json({"name": name, "version": version}),
        TOKENIZER: b"{}",
        METRICS: b"{}",
        CARD: b"",
    }
    manifest = manifest_of(files)
    replace_directory(directory, {**files, MANIFEST: manifest})
    return digest_of(manifest)
