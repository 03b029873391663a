"""An artifact: a directory that holds everything a trained model is.

    weights.safetensors   the parameters of the network but the large reader's
    reader-N.safetensors  those of the large reader, which are read where it is used
    config.json           format, name, version, shapes of encoder and readers, a section a task
    tokenizer.json        the tokenizer
    metrics.json          figures on data that was not trained on
    README.md             the model card
    manifest.json         size and SHA-256 of every file above; its own SHA-256 is the digest

Loading verifies every file before one is parsed. Nothing is unpickled, nothing is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer

from models import registry
from models.article import Tier
from models.artifact import weights
from models.artifact.files import replace_directory
from models.artifact.manifest import (
    CARD,
    CONFIG,
    FORMAT,
    MANIFEST,
    METRICS,
    OTHER_FORMAT,
    READER_FILES,
    TOKENIZER,
    WEIGHTS,
    digest_of,
    from_json,
    manifest_of,
    read_reader,
    read_verified,
    to_json,
)
from models.encoding.tokens import tokenizer_from
from models.errors import ArtifactError, ArtifactSchema
from models.network.network import Network
from models.network.reader import Reader
from models.tasks.build import build

MAX_WINDOWS, MAX_LABELS = 64, 1000


@dataclass(frozen=True, slots=True)
class Artifact:
    """A trained model, loaded or about to be saved. `digest` is empty until it is loaded.

    `tasks` holds the section of each task that the model has; the network has their heads.
    `readers` are the readers that it has, with their number of labels and the shape of their body;
    the network has those that are loaded. Raises ValueError for what cannot be shown or served.
    """

    name: str
    version: str
    created: str
    tasks: Mapping[str, Any]
    max_windows: int
    network: Network
    tokenizer: Tokenizer
    readers: Mapping[Tier, Mapping[str, Any]] = field(default_factory=dict)
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
    """Writes an artifact, replacing what is there in one step. Returns its digest.

    Raises ValueError where a reader of it is not loaded, for it would be lost.
    """
    network = artifact.network
    if {tier.value for tier in artifact.readers} != set(network.readers):
        raise ValueError("an artifact is saved with all of its readers")
    config = {
        "format": FORMAT,
        "name": artifact.name,
        "version": artifact.version,
        "created": artifact.created,
        "max_windows": artifact.max_windows,
        "languages": artifact.languages,
        "encoder": network.shape,
        "readers": {tier.value: dict(shape) for tier, shape in artifact.readers.items()},
        "tasks": {name: asdict(section) for name, section in artifact.tasks.items()},
    }
    files = {
        WEIGHTS: weights.save(network, dtype),
        **dict(zip(READER_FILES, weights.save_reader(network, dtype), strict=False)),
        CONFIG: to_json(config),
        TOKENIZER: artifact.tokenizer.to_str(pretty=False).encode(),
        METRICS: to_json(artifact.metrics),
        CARD: artifact.card.encode(),
    }
    manifest = manifest_of(files)
    replace_directory(directory, {**files, MANIFEST: manifest})
    return digest_of(manifest)


def load(directory: Path, *, whole: bool = True) -> Artifact:
    """Reads and verifies an artifact, in float32 on the CPU; its large reader only if `whole`.

    Raises ArtifactMissing, ArtifactAltered or ArtifactSchema.
    """
    with _of(directory):
        model = _loaded(*read_verified(directory))
        if whole and Tier.FULL in model.readers:
            model.network.add_reader(Tier.FULL, _large_reader(directory, model))
        return model


def large_reader(directory: Path, model: Artifact) -> Reader:
    """Reads and verifies the large reader of an artifact that was loaded without it.

    Raises ArtifactMissing, ArtifactAltered or ArtifactSchema.
    """
    with _of(directory):
        return _large_reader(directory, model)


@contextmanager
def _of(directory: Path) -> Iterator[None]:
    """Errors that are raised inside name the directory, and what no artifact raises is none."""
    try:
        yield
    except ArtifactError as error:
        error.directory = directory
        raise


def _large_reader(directory: Path, model: Artifact) -> Reader:
    contents = read_reader(directory, model.digest)
    with _unfit_is_an_error(), torch.device("meta"):
        reader = _reader(model.readers[Tier.FULL])
    with _unfit_is_an_error():
        return weights.load_reader(reader, contents).eval()


def _reader(shape: Mapping[str, Any]) -> Reader:
    return Reader(shape["body"], shape["labels"])


def _loaded(files: Mapping[str, bytes], digest: str) -> Artifact:
    with _unfit_is_an_error():
        return _parse(files, digest)


@contextmanager
def _unfit_is_an_error() -> Iterator[None]:
    """What is raised for files that are no artifact's is an ArtifactSchema."""
    try:
        yield
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
    readers = {Tier(name): _shape(shape) for name, shape in config["readers"].items()}
    with torch.device("meta"):
        small: dict[Tier, Reader] = {
            tier: _reader(each) for tier, each in readers.items() if tier is not Tier.FULL
        }
        network = build(config["encoder"], sections, small)
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
        readers=readers,
        languages=tuple(config["languages"]),
        metrics=from_json(files[METRICS]),
        card=files[CARD].decode(),
        digest=digest,
    )


def _shape(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Labels and body of a reader. Raises KeyError, TypeError or ValueError."""
    if type(shape["labels"]) is not int or not 1 <= shape["labels"] <= MAX_LABELS:
        raise ValueError(f"a reader tells 1 to {MAX_LABELS} labels apart")
    return {"labels": shape["labels"], "body": dict(shape["body"])}


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
