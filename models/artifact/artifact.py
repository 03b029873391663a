"""An artifact: a directory that holds everything a trained model is.

    weights.safetensors   the network's parameters: word embeddings and matrices of the reader in
                          int8 with a scale a row, the rest in float16; or all in float32
    config.json           format, name, version, network shape, labels, own words, calibration
    tokenizer.json        the tokenizer
    metrics.json          figures on data that was not trained on
    README.md             the model card
    manifest.json         size and SHA-256 of every file above; its own SHA-256 is the digest

Saving is atomic: all is written beside the target, flushed to disk, then renamed. Loading verifies
every file before one is parsed. Nothing is unpickled, nothing is fetched.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from tokenizers import Tokenizer
from torch import Tensor, nn

from models.encoding.tokens import tokenizer_from
from models.errors import ArtifactAltered, ArtifactError, ArtifactMissing, ArtifactSchema
from models.files import MAX_MANIFEST_BYTES, flush, read_regular, write_atomically
from models.labels import LabelSchema
from models.network.network import BERT_NAMES, Network, NetworkConfig
from models.tasks.calibration import Calibration

FORMAT = 2
WEIGHTS, CONFIG, TOKENIZER = "weights.safetensors", "config.json", "tokenizer.json"
METRICS, CARD, MANIFEST = "metrics.json", "README.md", "manifest.json"
MIB = 2**20
MAX_BYTES = {WEIGHTS: 4096 * MIB, TOKENIZER: 64 * MIB, CONFIG: MIB, METRICS: MIB, CARD: MIB}
MAX_WINDOWS = 64
OTHER_FORMAT = f"another format than {FORMAT}, the one that this version reads"
SCALE, INT8_MAX, LEAST_SCALE = ".scale", 127, 1e-20
ROUGH = ("encoder.embeddings.word_embeddings.", "reader.")
"""Where eight bits cost no figure that was measured. In the encoder's layers they did."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A trained model, loaded or about to be saved. `digest` is empty until it is loaded.

    Raises ValueError for what cannot be shown or served.
    """

    name: str
    version: str
    created: str
    labels: LabelSchema
    own_words: tuple[str, ...]
    max_windows: int
    network: Network
    tokenizer: Tokenizer
    calibration: Calibration = field(default_factory=Calibration)
    languages: tuple[str, ...] = ("en",)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    card: str = ""
    digest: str = ""

    def __post_init__(self) -> None:
        for text in (self.name, self.version, self.created, *self.languages):
            if not isinstance(text, str) or not text.isprintable():
                raise ValueError("name, version, date and languages are text of one line")
        if not self.name or not self.languages:
            raise ValueError("an artifact has a name, and a language at least")
        if not all(isinstance(word, str) for word in self.own_words):
            raise ValueError("the writer's own words are text")
        if type(self.max_windows) is not int or not 1 <= self.max_windows <= MAX_WINDOWS:
            raise ValueError(f"an article is read in 1 to {MAX_WINDOWS} windows")
        if not isinstance(self.metrics, Mapping):
            raise ValueError("metrics have names")


def save(artifact: Artifact, directory: Path, dtype: torch.dtype = torch.int8) -> str:
    """Writes an artifact, replacing what is there in one step. Returns its digest.

    In int8 are those matrices alone that bear it, the rest is in float16; or all is in `dtype`.
    """
    directory = directory.absolute()
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        digest = _write(artifact, fresh, dtype)
        fresh.chmod(0o755)
        _replace(fresh, directory)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return digest


def _write(artifact: Artifact, directory: Path, dtype: torch.dtype) -> str:
    state = artifact.network.state_dict()
    state = {_file_name(name): tensor.cpu() for name, tensor in state.items()}
    config = {
        "format": FORMAT,
        "name": artifact.name,
        "version": artifact.version,
        "created": artifact.created,
        "max_windows": artifact.max_windows,
        "languages": artifact.languages,
        "calibration": asdict(artifact.calibration),
        "labels": artifact.labels.to_json(),
        "network": asdict(artifact.network.config),
        "own_words": artifact.own_words,
    }
    files = {
        WEIGHTS: save_tensors(_packed(state, dtype)),
        CONFIG: _json(config),
        TOKENIZER: artifact.tokenizer.to_str(pretty=False).encode(),
        METRICS: _json(artifact.metrics),
        CARD: artifact.card.encode(),
    }
    manifest = _json({"format": FORMAT, "files": {name: _entry(files[name]) for name in files}})
    for name, content in {**files, MANIFEST: manifest}.items():
        write_atomically(directory / name, content)
    flush(directory)
    return hashlib.sha256(manifest).hexdigest()


def _file_name(name: str) -> str:
    """What a parameter is called in the file, which names plain stacks of BERT layers.

    Embeddings that are shared are the encoder's there.
    """
    part, *rest = name.split(".")
    if part in ("reader", "decoder"):
        return ".".join(["encoder", *rest] if rest[0] == "embeddings" else [part, *rest[1:]])
    if (part, rest[0]) == ("salience", "layers"):
        _, number, ours, kind = rest
        return f"salience.layers.layer.{number}.{BERT_NAMES[ours]}.{kind}"
    return name


def _packed(state: Mapping[str, Tensor], dtype: torch.dtype) -> dict[str, Tensor]:
    """Weights as they are saved. In int8 a row of a matrix is whole numbers times its scale.

    The scale has so few digits that what is loaded and saved again is the same.
    """
    if dtype is not torch.int8:
        return {name: weights.to(dtype).contiguous() for name, weights in state.items()}
    rough = {name for name in state if name.startswith(ROUGH) and state[name].dim() == 2}
    packed = {name: state[name].half().contiguous() for name in state.keys() - rough}
    for name in rough:
        weights = state[name].float()
        scale = (weights.abs().amax(1, keepdim=True) / INT8_MAX).clamp(min=LEAST_SCALE).bfloat16()
        packed[name], packed[name + SCALE] = (weights / scale).round().to(dtype), scale
    return packed


def _unpacked(packed: Mapping[str, Tensor], shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    """The weights in float32. Raises ValueError or ArtifactSchema where they are none."""
    found = {name: tensor for name, tensor in packed.items() if not name.endswith(SCALE)}
    if {name: tensor.shape for name, tensor in found.items()} != shapes:
        raise ValueError("weights and network do not fit")
    for name, weights in found.items():
        found[name] = weights.float()
        if weights.dtype is torch.int8:
            scale = packed[name + SCALE]
            if scale.shape != (len(weights), 1):
                raise ValueError("weights and their scales do not fit")
            found[name] *= scale.float()
        if not found[name].isfinite().all():
            raise ArtifactSchema("some of its weights are no numbers; train it again")
    return found


def _json(data: object) -> bytes:
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _entry(content: bytes) -> dict[str, object]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _replace(fresh: Path, directory: Path) -> None:
    """Puts `fresh` in place, in one step where the system can; an older artifact goes last."""
    aside = fresh
    if not directory.exists():
        fresh.rename(directory)
    elif not _swap(fresh, directory):
        aside = fresh.with_name(fresh.name + ".old")
        directory.rename(aside)
        try:
            fresh.rename(directory)
        except OSError:
            aside.rename(directory)
            raise
    flush(directory.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _swap(one: Path, other: Path) -> bool:
    """Swaps two directories in one step, by Linux's renameat2. False where there is no such step.

    With two renames there would be a moment without an artifact, in which a kill could fall.
    """
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(
        rename is not None
        and rename(here, os.fsencode(one), here, os.fsencode(other), exchange) == 0
    )


def load(directory: Path) -> Artifact:
    """Reads and verifies an artifact, in float32 on the CPU.

    Raises ArtifactMissing, ArtifactAltered or ArtifactSchema.
    """
    try:
        return _loaded(*_verified(directory))
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


def _verified(directory: Path) -> tuple[dict[str, bytes], str]:
    """The files of an artifact, each as its manifest says, and the artifact's digest."""
    if not directory.is_dir():
        raise ArtifactMissing("no such directory; name an artifact's directory")
    manifest = _read(directory, MANIFEST, MAX_MANIFEST_BYTES)
    try:
        if len(manifest) > MAX_MANIFEST_BYTES:
            raise ValueError("no manifest is so long")
        listed = _json_of(manifest)
        entries = {str(name): (e["bytes"], e["sha256"]) for name, e in listed["files"].items()}
        if listed["format"] != FORMAT:
            raise ArtifactSchema(OTHER_FORMAT)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ArtifactAltered(f"{MANIFEST} is damaged; fetch the artifact again") from None
    if entries.keys() != MAX_BYTES.keys():
        raise ArtifactSchema(f"{MANIFEST} names other files than this version's")
    files = {}
    for name, (size, sha256) in entries.items():
        if type(size) is not int or not 0 <= size <= MAX_BYTES[name]:
            raise ArtifactSchema(f"{name} is longer than this version reads")
        content = files[name] = _read(directory, name, size)
        if len(content) != size or hashlib.sha256(content).hexdigest() != sha256:
            raise ArtifactAltered(f"{name} is not the file that was saved; fetch it again")
    return files, hashlib.sha256(manifest).hexdigest()


def _read(directory: Path, name: str, most: int) -> bytes:
    """A file, and one byte of what is beyond `most`, by which its being longer is known."""
    try:
        return read_regular(directory / name, most + 1)
    except OSError:
        raise ArtifactMissing(
            f"no readable {name}, which is to be a file and no link; fetch the artifact again"
        ) from None


def _json_of(content: bytes) -> Any:
    """JSON that can be written again: its numbers are finite, its text is Unicode."""
    found = json.loads(content)
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    return found


def _parse(files: Mapping[str, bytes], digest: str) -> Artifact:
    config = _json_of(files[CONFIG])
    if config["format"] != FORMAT:
        raise ArtifactSchema(OTHER_FORMAT)
    labels = LabelSchema.from_json(config["labels"])
    shape = NetworkConfig(**config["network"])
    own_words, languages = _listed(config["own_words"]), _listed(config["languages"])
    if (shape.topics, shape.stances, shape.writer_words) != (
        len(labels.topic), len(labels.stance), len(own_words),
    ):  # fmt: skip
        raise ValueError("labels and network do not fit")
    with torch.device("meta"):
        network = Network(shape)
    state = network.state_dict()
    shapes = {_file_name(name): tensor.shape for name, tensor in state.items()}
    weights = _unpacked(load_tensors(files[WEIGHTS]), shapes)
    network.load_state_dict({name: weights[_file_name(name)] for name in state}, assign=True)
    tokenizer = tokenizer_from(files[TOKENIZER].decode())
    if max(tokenizer.get_vocab().values()) >= network.vocabulary:
        raise ValueError("tokenizer and network do not fit")
    return Artifact(
        name=config["name"],
        version=config["version"],
        created=config["created"],
        labels=labels,
        own_words=own_words,
        max_windows=config["max_windows"],
        network=_materialised(network).eval(),
        tokenizer=tokenizer,
        calibration=Calibration(**config["calibration"]),
        languages=languages,
        metrics=_json_of(files[METRICS]),
        card=files[CARD].decode(),
        digest=digest,
    )


def _listed(found: object) -> tuple[Any, ...]:
    if not isinstance(found, list):
        raise TypeError("a list is expected")
    return tuple(found)


def _materialised(network: Network) -> Network:
    """Rebuilds the constant buffers that are not saved with the weights."""
    embeddings = network.encoder.embeddings
    positions = network.config.encoder["max_position_embeddings"]
    assert isinstance(positions, int)  # noqa: S101 - the meta network was built from it
    embeddings.position_ids = nn.Buffer(torch.arange(positions).expand(1, -1), persistent=False)
    embeddings.token_type_ids = nn.Buffer(
        torch.zeros(1, positions, dtype=torch.long), persistent=False
    )
    return network
