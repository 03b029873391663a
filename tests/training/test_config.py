"""A config is read whole or refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import ROOT
from training.config import Config, Source, read
from training.errors import ConfigError

SMALLEST = '[[train]]\npath = "a.jsonl"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.toml"


def test_a_config_needs_no_more_than_a_file(file: Path) -> None:
    file.write_text(SMALLEST)
    config = read(file)
    assert config.train == (Source(path=Path("a.jsonl")),)
    assert config.model.base is None


def test_a_config_goes_through_json_unchanged(file: Path) -> None:
    file.write_text(
        SMALLEST + 'where = { split = ["a", "b"] }\npasses = 0.5\n[losses]\ntopic = 2\n'
    )
    config = read(file)
    assert Config.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("", "train", id="no file to train on"),
        pytest.param("train = []", "train", id="no file in the list"),
        pytest.param("[[train]]\n", "train.0.path", id="a file without a path"),
        pytest.param(SMALLEST + "pases = 2\n", "train.0.pases", id="an unknown name"),
        pytest.param(SMALLEST + "passes = 0\n", "train.0.passes", id="no passes"),
        pytest.param(SMALLEST + "holdout = 1.0\n", "train.0.holdout", id="all held out"),
        pytest.param(SMALLEST + 'limit = "x"\n', "train.0.limit", id="no number"),
        pytest.param(SMALLEST + "[optimisation]\nlr = 1\n", "optimisation.lr", id="unknown rate"),
        pytest.param("[[train", "no TOML", id="no TOML"),
    ],
)
def test_a_config_that_cannot_work_is_refused_in_one_line(file: Path, text: str, what: str) -> None:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read(file)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_and_no_text_are_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="no TOML"):
        read(file)


def test_a_source_is_named_after_its_file_and_what_is_read_of_it() -> None:
    source = Source(path=Path("data/stance.parquet"), where={"dataset": "fnc1", "split": "train"})
    assert source.name == "stance:fnc1"


@pytest.mark.parametrize("file", sorted((ROOT / "training" / "configs").glob("*.toml")), ids=str)
def test_the_configs_that_are_committed_are_read(file: Path) -> None:
    config = read(file)
    assert config.validation
    assert config.model.card is None or (ROOT / config.model.card).is_file()
