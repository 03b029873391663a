"""Where the starting weights are; nothing is fetched."""

from __future__ import annotations

import shutil
import socket
import zipfile
from io import BytesIO
from pathlib import Path
from typing import NoReturn

import pytest

from training.errors import BaseError
from training.fitting import bases
from training.fitting.bases import encoder_base, reader_base
from training.fitting.start import tokenizer_json


def test_the_default_encoder_is_the_packages(base: Path) -> None:
    assert encoder_base(str(base)) == str(base)
    assert (Path(encoder_base(None)) / "config.json").is_file()


def test_nothing_is_fetched_for_an_encoder(
    monkeypatch: pytest.MonkeyPatch, base: Path, tmp_path: Path
) -> None:
    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError("something remote was asked")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    with pytest.raises(BaseError, match="no/where: no directory of an encoder"):
        encoder_base("no/where")
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        with pytest.raises(BaseError, match=f"{name}.* is not there; give --base a whole one"):
            encoder_base(str(tmp_path))
        shutil.copy(base / name, tmp_path)
    assert tokenizer_json(encoder_base(str(tmp_path)))
    with pytest.raises(BaseError, match="give --reader-base a whole one"):
        reader_base("no/where", tmp_path)


def test_the_parts_of_the_readers_weights_are_joined_and_unpacked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in ("config.json", "model.safetensors", "tokenizer.json", "1_Pooling/config.json"):
            file.writestr(f"reader/{name}", name)
    content, parts = packed.getvalue(), len(bases.READER_PARTS)
    size = -(-len(content) // parts)
    held = {p: content[n * size : (n + 1) * size] for n, p in enumerate(bases.READER_PARTS)}
    monkeypatch.setattr(bases, "_part", held.__getitem__)
    found = Path(reader_base(None, tmp_path / "unpacked"))
    assert {path.name: path.read_text() for path in found.iterdir()} == {
        name: name for name in ("config.json", "model.safetensors", "tokenizer.json")
    }
    monkeypatch.setattr(bases, "_part", {}.__getitem__)  # they are not needed again
    assert Path(reader_base(None, tmp_path / "unpacked")) == found


def test_a_missing_part_is_told_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bases, "READER_PARTS", ("no-such-package",))
    with pytest.raises(BaseError, match=r"no-such-package.*make reader-base"):
        reader_base(None, tmp_path)
