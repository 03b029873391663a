"""Which artifact is meant by a directory: itself, or the current version of a registry.

A registry is a directory of versions with a file that names the current one. All that reads a model
asks here; `service.promotion.registry` says what a registry holds, and writes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.artifact.manifest import digest, from_json
from models.errors import ArtifactAltered, ArtifactMissing
from models.files import read_regular

CURRENT, VERSIONS = "current.json", "versions"
FORMAT = 1
MAX_CURRENT_BYTES = 2**24


@dataclass(frozen=True, slots=True)
class Current:
    """The version of a registry that serves: its directory's name, and the artifact's digest."""

    version: str
    digest: str


def is_registry(model: Path) -> bool:
    """Whether a directory is a registry that has a current version."""
    return (model / CURRENT).is_file()


def artifact_of(model: Path) -> Path:
    """The directory of the artifact: that of a registry's current version, or `model` itself.

    Raises ArtifactMissing or ArtifactAltered where a registry has no such version.
    """
    if not is_registry(model):
        return model
    current, _ = read(model)
    directory = model / VERSIONS / current.version
    if digest(directory) != current.digest:
        raise _altered(directory, "it is not the version that is current; promote one again")
    return directory


def read(registry: Path) -> tuple[Current, Any]:
    """The current version of a registry and the history of those before it, as it is written.

    Raises ArtifactMissing or ArtifactAltered.
    """
    try:
        content = read_regular(registry / CURRENT, MAX_CURRENT_BYTES + 1)
    except OSError:
        missing = ArtifactMissing(f"no readable {CURRENT}; promote a model first")
        missing.directory = registry
        raise missing from None
    try:
        found = from_json(content)
        current = Current(found["version"], found["digest"])
        if found["format"] != FORMAT or not _is_name(current.version):
            raise ValueError("no such version was ever written")
        return current, found["history"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _altered(registry, f"{CURRENT} is damaged, or another version's") from None


def _is_name(version: object) -> bool:
    """Whether this is the name of a directory that lies among the versions."""
    return isinstance(version, str) and Path(version).name == version and version[:1] != "."


def _altered(directory: Path, problem: str) -> ArtifactAltered:
    error = ArtifactAltered(problem)
    error.directory = directory
    return error
