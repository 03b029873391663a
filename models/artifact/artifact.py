"""An artifact: a directory that holds everything a trained model is.

    weights.safetensors   the parameters of the network
    config.json           format, name, version, shape of the encoder, a section for each task
    tokenizer.json        the tokenizer
    metrics.json          figures on data that was not trained on
    README.md             the model card
    manifest.json         size and SHA-256 of every file above; its own SHA-256 is the digest

Loading verifies every file before one is parsed. Nothing is unpickled, nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer

from models import registry
from models.artifact import weights
from models.artifact.files import replace_directory
from models.artifact.manifest import (
    CARD,
    CONFIG,
    FORMAT,
    MANIFEST,
    METRICS,
    OTHER_FORMAT,
    TOKENIZER,
    WEIGHTS,
    digest_of,
    from_json,
    manifest_of,
    read_verified,
    to_json,
)
from models.encoding.tokens import tokenizer_from
from models.errors import ArtifactError, ArtifactSchema
from models.network.network import Network
from models.tasks.build import build

MAX_WINDOWS = 64


@dataclass(frozen=True, slots=True)
class Artifact:
    """A trained model, loaded or about to be saved. `digest` is empty until it is loaded.

    `tasks` holds the section of each task that the model has; the network has their heads.
    Raises ValueError for what cannot be shown or served.
    """

    name: str
    version: str
    created: str
    tasks: Mapping[str, Any]
    max_windows: int
    network: Network
    tokenizer: Tokenizer
    languages: tuple[str, ...] = ("en",)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""
    digest: str = ""

    def __post_init__(self) -> None:
        for text in (self.name, self.version, self.created, *self.languages):
            if not isinstance(text, str) or not text.isprintable():
                raise ValueError("name, version, date and languages are text of one line")
        if not self.name or not self.languages or not self.tasks:
            raise ValueError("an artifact has a name, and a language and a task at least")
        if type(self.max_windows) is not int or not 1 <= self.max_windows <= MAX_WINDOWS:
            raise ValueError(f"an article is read in 1 to {MAX_WINDOWS} windows")
        if not isinstance(self.metrics, Mapping):
            raise ValueError("metrics have names")


def save(artifact: Artifact, directory: Path, dtype: torch.dtype = torch.int8) -> str:
    """Writes an artifact, replacing what is there in one step. Returns its digest."""
    config = {
        "format": FORMAT,
        "name": artifact.name,
        "version": artifact.version,
        "created": artifact.created,
        "max_windows": artifact.max_windows,
        "languages": artifact.languages,
        "encoder": artifact.network.shape,
        "tasks": {name: asdict(section) for name, section in artifact.tasks.items()},
    }
    files = {
        WEIGHTS: weights.save(artifact.network, dtype),
        CONFIG: to_json(config),
        TOKENIZER: artifact.tokenizer.to_str(pretty=False).encode(),
        METRICS: to_json(artifact.metrics),
        CARD: artifact.card.encode(),
    }
    manifest = manifest_of(files)
    replace_directory(directory, {**files, MANIFEST: manifest})
    return digest_of(manifest)


def load(directory: Path) -> Artifact:
    """Reads and verifies an artifact, in float32 on the CPU.

    Raises ArtifactMissing, ArtifactAltered or ArtifactSchema.
    """
    try:
        return _loaded(*read_verified(directory))
    except ArtifactError as error:
        error.directory = directory
        raise


def _loaded(files: Mapping[str, bytes], digest: str) -> Artifact:
    try:
        return _parse(files, digest)
    except ArtifactError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, SafetensorError) as error:
        raise ArtifactSchema(
            f"not an artifact that this version reads ({type(error).__name__}); "
            "train or fetch one of the same version"
        ) from error
    except Exception as error:  # tokenizers raises bare Exception, torch RuntimeError
        raise ArtifactSchema(
            "its tokenizer or weights do not fit its config; train or fetch it again"
        ) from error


def _parse(files: Mapping[str, bytes], digest: str) -> Artifact:
    config = from_json(files[CONFIG])
    if config["format"] != FORMAT:
        raise ArtifactSchema(OTHER_FORMAT)
    sections = _sections(config["tasks"])
    with torch.device("meta"):
        network = build(config["encoder"], sections)
    network = weights.load(network, files[WEIGHTS])
    tokenizer = tokenizer_from(files[TOKENIZER].decode())
    if max(tokenizer.get_vocab().values()) >= network.vocabulary:
        raise ValueError("tokenizer and network do not fit")
    if not isinstance(config["languages"], list):
        raise TypeError("a list is expected")
    return Artifact(
        name=config["name"],
        version=config["version"],
        created=config["created"],
        tasks=sections,
        max_windows=config["max_windows"],
        network=network.eval(),
        tokenizer=tokenizer,
        languages=tuple(config["languages"]),
        metrics=from_json(files[METRICS]),
        card=files[CARD].decode(),
        digest=digest,
    )


def _sections(data: Mapping[str, Any]) -> dict[str, Any]:
    """The section of each task that the model has, in the order of the registry."""
    unknown = data.keys() - set(registry.names())
    if unknown:
        raise ArtifactSchema(
            "it has a task that this version does not know; update nutgraf or train it again"
        )
    return {
        task.name: task.load().read(data[task.name])
        for task in registry.tasks()
        if task.name in data
    }
