"""The manifest of an artifact: size and SHA-256 of every file. No torch.

The digest of an artifact is the SHA-256 of its manifest.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.errors import ArtifactAltered, ArtifactMissing, ArtifactSchema
from models.files import MAX_MANIFEST_BYTES, read_regular

FORMAT = 6
WEIGHTS, CONFIG, TOKENIZER = "weights.safetensors", "config.json", "tokenizer.json"
METRICS, CARD, MANIFEST = "metrics.json", "README.md", "manifest.json"
MIB = 2**20
MAX_BYTES = {WEIGHTS: 4096 * MIB, TOKENIZER: 64 * MIB, CONFIG: MIB, METRICS: MIB, CARD: MIB}
MAX_READER_FILES, MAX_READER_BYTES = 16, 4096 * MIB
READER_FILES = tuple(f"reader-{number}.safetensors" for number in range(1, MAX_READER_FILES + 1))
"""The weights of the large reader, which are read where it is used."""
OTHER_FORMAT = f"another format than {FORMAT}, the one that this version reads"


def digest(directory: Path) -> str:
    """The digest of the artifact in a directory. Raises ArtifactMissing."""
    try:
        return digest_of(_manifest(directory))
    except ArtifactMissing as error:
        error.directory = directory
        raise


def digest_of(manifest: bytes) -> str:
    """The digest of the artifact that has this manifest."""
    return hashlib.sha256(manifest).hexdigest()


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """The manifest of the files of an artifact."""
    return to_json({"format": FORMAT, "files": {name: _entry(files[name]) for name in files}})


def read_verified(directory: Path) -> tuple[dict[str, bytes], str]:
    """The files of an artifact but the large reader's, each as its manifest says, and its digest.

    Those of the large reader are looked at only: whether they are there and as long as they were.
    Raises ArtifactMissing, ArtifactAltered or ArtifactSchema.
    """
    entries, digest = _entries(directory)
    files = {name: _verified(directory, name, entries[name]) for name in MAX_BYTES}
    for name in entries.keys() - files.keys():
        _check_size(directory, name, entries[name][0])
    return files, digest


def read_reader(directory: Path, digest: str) -> list[bytes]:
    """The files of the large reader of the artifact with a digest, in order.

    Raises ArtifactMissing, ArtifactAltered or ArtifactSchema.
    """
    entries, now = _entries(directory)
    if now != digest:
        raise ArtifactAltered(f"{MANIFEST} is not the one that was loaded; start again")
    return [_verified(directory, n, entries[n]) for n in READER_FILES if n in entries]


def _entries(directory: Path) -> tuple[dict[str, tuple[Any, Any]], str]:
    """Size and SHA-256 of each file as the manifest has them, and the artifact's digest."""
    manifest = _manifest(directory)
    try:
        if len(manifest) > MAX_MANIFEST_BYTES:
            raise ValueError("no manifest is so long")
        listed = from_json(manifest)
        entries = {str(name): (e["bytes"], e["sha256"]) for name, e in listed["files"].items()}
        if listed["format"] != FORMAT:
            raise ArtifactSchema(OTHER_FORMAT)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ArtifactAltered(f"{MANIFEST} is damaged; fetch the artifact again") from None
    readers = entries.keys() - MAX_BYTES.keys()
    if MAX_BYTES.keys() - entries.keys() or readers != set(READER_FILES[: len(readers)]):
        raise ArtifactSchema(f"{MANIFEST} names other files than this version's")
    return entries, digest_of(manifest)


def _verified(directory: Path, name: str, entry: tuple[Any, Any]) -> bytes:
    size, sha256 = entry
    if type(size) is not int or not 0 <= size <= MAX_BYTES.get(name, MAX_READER_BYTES):
        raise ArtifactSchema(f"{name} is longer than this version reads")
    content = _read(directory, name, size)
    if len(content) != size or hashlib.sha256(content).hexdigest() != sha256:
        raise ArtifactAltered(f"{name} is not the file that was saved; fetch it again")
    return content


def _check_size(directory: Path, name: str, size: int) -> None:
    """Raises ArtifactMissing or ArtifactAltered; whether a file's content is right is not known."""
    try:
        found = (directory / name).lstat()
    except OSError:
        raise _missing(name) from None
    if not stat.S_ISREG(found.st_mode):
        raise _missing(name)
    if found.st_size != size:
        raise ArtifactAltered(f"{name} is not the file that was saved; fetch it again")


def _missing(name: str) -> ArtifactMissing:
    return ArtifactMissing(
        f"no readable {name}, which is to be a file and no link; fetch the artifact again"
    )


def to_json(data: object) -> bytes:
    """JSON as the files of an artifact hold it."""
    return (json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def from_json(content: bytes) -> Any:
    """JSON that can be written again: its numbers are finite, its text is Unicode."""
    found = json.loads(content)
    json.dumps(found, allow_nan=False, ensure_ascii=False).encode()
    return found


def _entry(content: bytes) -> dict[str, object]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _manifest(directory: Path) -> bytes:
    if not directory.is_dir():
        raise ArtifactMissing("no such directory; name an artifact's directory")
    return _read(directory, MANIFEST, MAX_MANIFEST_BYTES)


def _read(directory: Path, name: str, most: int) -> bytes:
    """At most `most` bytes of a file, and one more, which shows that the file is longer."""
    try:
        return read_regular(directory / name, most + 1)
    except OSError:
        raise _missing(name) from None
