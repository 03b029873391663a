"""A config is read whole or refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from training.config import KEPT_FROM_START, Config, Losses, ModelConfig, Optimisation, Source, read
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
        SMALLEST + 'where = { split = ["a", "b"] }\nstances = { no = ["a", "b"], yes = "c" }\n'
        'report_ids = "^w-"\nkind = "claim"\npasses = 0.5\n[losses]\ntopic = 2\n'
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
        pytest.param(SMALLEST + 'report_ids = "("\n', "train.0.report_ids", id="no expression"),
        pytest.param(SMALLEST + 'kind = "name"\n', "train.0.kind", id="an unknown kind"),
        pytest.param(SMALLEST + 'stances = { a = ["b"] }\n', "train.0.stances", id="one of one"),
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


@pytest.mark.parametrize("name", KEPT_FROM_START)
def test_what_a_start_keeps_cannot_stand_beside_it(file: Path, name: str) -> None:
    value = '"x"' if name in {"base", "labels"} else "2"
    file.write_text(f'[model]\nstart = "a"\n{name} = {value}\n{SMALLEST}')
    with pytest.raises(
        ConfigError, match=f"model: start keeps its own {name}; leave out"
    ) as caught:
        read(file)
    assert "\n" not in str(caught.value)


def test_a_base_that_is_given_takes_the_place_of_the_configs(file: Path) -> None:
    file.write_text(f'[model]\nbase = "one"\n{SMALLEST}')
    assert read(file, "two").model.base == "two"
    file.write_text(SMALLEST)
    assert read(file, "two").model.base == "two"
    file.write_text(f'[model]\nstart = "one"\n{SMALLEST}')
    with pytest.raises(ConfigError, match="start keeps its own base"):
        read(file, "two")


EXAMPLE = ROOT / "training" / "configs" / "example.toml"


def test_the_example_explains_every_key() -> None:
    lines = [line for line in EXAMPLE.read_text("utf-8").splitlines() if " = " in line]
    said = {line.removeprefix("# ").partition(" = ")[0] for line in lines}
    models = (ModelConfig, Losses, Optimisation, Source)
    assert said == {field for model in models for field in model.model_fields}


def test_what_the_example_gives_is_the_default_where_it_names_no_other() -> None:
    run = read(EXAMPLE)
    text = EXAMPLE.read_text("utf-8")
    for part in (run.model, run.losses, run.optimisation, run.train[0]):
        for name, field in type(part).model_fields.items():
            (line, *_) = re.findall(rf"^(?:# )?{name} = .*", text, re.MULTILINE)
            if not line.startswith("# ") and "left out:" not in line and name != "path":
                assert getattr(part, name) == field.default, name
            if stated := re.search(r"left out: ([\d.]+)", line):
                assert float(stated[1].rstrip(".")) == field.default, name


CONFIGS = sorted((ROOT / "training" / "configs").rglob("*.toml"))


@pytest.mark.parametrize("file", CONFIGS, ids=str)
def test_the_configs_that_are_committed_are_read(file: Path) -> None:
    config = read(file)
    assert config.validation
    assert config.model.card is None or (ROOT / config.model.card).is_file()
