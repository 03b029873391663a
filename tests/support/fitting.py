"""A run of `python -m training fit` on one file, which must not come to training."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from training import __main__ as training

Fit = Callable[..., tuple[int, str, str]]
"""`fit(file)` gives the exit status, the last line on standard error, and all of it."""


@pytest.fixture
def fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fit:
    def run(file: Path, columns: str = "", trains: str = "encoder") -> tuple[int, str, str]:
        config = tmp_path / "run.toml"
        lines = ["[[stages]]", 'name = "only"', f'trains = "{trains}"', "[[stages.data]]"]
        config.write_text("\n".join([*lines, f"path = {json.dumps(str(file))}", columns]))
        output = tmp_path / "artifact"
        arguments = ["fit", str(config), "--output", str(output), "--base", str(tmp_path / "none")]
        arguments += ["--checkpoints", str(tmp_path / "checkpoints")]
        monkeypatch.setattr(sys, "argv", ["training", *arguments])
        with pytest.raises(SystemExit) as ended:
            training.main()
        assert not output.exists()
        assert not (tmp_path / "checkpoints").exists()
        told = capsys.readouterr().err
        return int(ended.value.code or 0), told.splitlines()[-1], told

    return run
