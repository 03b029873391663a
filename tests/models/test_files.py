"""What is read is a regular file, however much stands behind it, and nothing is waited for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from models.files import read_regular


def test_a_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert [read_regular(tmp_path / "file", limit) for limit in (0, 4, 9)] == [
        b"",
        b"1234",
        b"12345",
    ]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: None, id="nothing"),
        pytest.param(os.mkfifo, id="a pipe"),
        pytest.param(os.mkdir, id="a directory"),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), id="a link to a device"),
        pytest.param(lambda path: path.symlink_to(__file__), id="a link to a file"),
        pytest.param(lambda path: path.symlink_to(path), id="a link to itself"),
    ],
)
def test_what_is_no_regular_file_is_refused(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "file")
    with pytest.raises(OSError, match=r"file|directory|links"):
        read_regular(tmp_path / "file", 1)


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(device: str) -> None:
    with pytest.raises(OSError, match="no regular file"):
        read_regular(Path(device), 1)
