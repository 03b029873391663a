"""A config is read whole or refused in one line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from models.article import Tier
from tests.support.paths import ROOT
from training.config import (
    KEPT_FROM_START,
    Config,
    Losses,
    ModelConfig,
    Optimisation,
    Source,
    Stage,
    read,
)
from training.errors import ConfigError

STAGE = '[[stages]]\nname = "one"\ntrains = "encoder"\n'
SMALLEST = STAGE + '[[stages.data]]\npath = "a.jsonl"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.toml"


def test_a_config_needs_no_more_than_a_stage_with_a_file(file: Path) -> None:
    file.write_text(SMALLEST)
    config = read(file)
    (stage,) = config.stages
    assert stage.data == (Source(path=Path("a.jsonl")),)
    assert stage.trains.reader is None
    assert config.measured == ()
    assert config.model.base is None


def test_files_are_those_of_the_data_directory(file: Path) -> None:
    file.write_text(SMALLEST + '[[measured]]\npath = "b.jsonl"\n[model]\ncard = "card.md"\n')
    config = read(file, Path("news"))
    assert [source.path for source in config.stages[0].data] == [Path("news/a.jsonl")]
    assert [source.path for source in config.measured] == [Path("news/b.jsonl")]
    assert config.model.card == Path("card.md")


def test_a_stage_trains_the_encoder_or_a_reader(file: Path) -> None:
    for part, reader in (("encoder", None), ("full", Tier.FULL), ("fast", Tier.FAST)):
        file.write_text(SMALLEST.replace("encoder", part))
        assert read(file).stages[0].trains.reader is reader


def test_a_config_goes_through_json_unchanged(file: Path) -> None:
    file.write_text(
        SMALLEST + 'where = { split = ["a", "b"] }\nstances = { no = ["a", "b"], yes = "c" }\n'
        'report_ids = "^w-"\nkind = "claim"\npasses = 0.5\n[stages.losses]\ntopic = 2\n'
    )
    config = read(file)
    assert Config.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("", "stages", id="no stage"),
        pytest.param("stages = []", "stages", id="no stage in the list"),
        pytest.param(STAGE, "stages.0.data", id="a stage without a file"),
        pytest.param(SMALLEST + SMALLEST, "two stages have the same name", id="a name twice"),
        pytest.param(
            SMALLEST.replace("encoder", "reader"), "stages.0.trains", id="no part of the network"
        ),
        pytest.param(
            STAGE + "[[stages.data]]\n", "stages.0.data.0.path", id="a file without a path"
        ),
        pytest.param(SMALLEST + "pases = 2\n", "stages.0.data.0.pases", id="an unknown name"),
        pytest.param(SMALLEST + "passes = 0\n", "stages.0.data.0.passes", id="no passes"),
        pytest.param(
            SMALLEST + 'report_ids = "("\n', "stages.0.data.0.report_ids", id="no expression"
        ),
        pytest.param(SMALLEST + 'kind = "name"\n', "stages.0.data.0.kind", id="an unknown kind"),
        pytest.param(
            SMALLEST + 'stances = { a = ["b"] }\n', "stages.0.data.0.stances", id="one of one"
        ),
        pytest.param(SMALLEST + 'limit = "x"\n', "stages.0.data.0.limit", id="no number"),
        pytest.param(
            SMALLEST + "[stages.optimisation]\nlr = 1\n", "optimisation.lr", id="unknown rate"
        ),
        pytest.param(SMALLEST + '[[train]]\npath = "a"\n', "train", id="a table of old configs"),
        pytest.param("model = 1\n" + SMALLEST, "model", id="no table"),
        pytest.param("[[stages", "no TOML", id="no TOML"),
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
    value = {"large_reader": "true", "choosing_layers": "2", "max_windows": "2"}.get(name, '"x"')
    file.write_text(f'[model]\nstart = "a"\n{name} = {value}\n{SMALLEST}')
    with pytest.raises(
        ConfigError, match=f"model: start keeps its own {name}; leave out"
    ) as caught:
        read(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["base", "reader_base"])
def test_a_base_that_is_given_takes_the_place_of_the_configs(file: Path, name: str) -> None:
    for own in (f'[model]\n{name} = "one"\n', ""):
        file.write_text(own + SMALLEST)
        assert getattr(read(file, Path(), **{name: "two"}).model, name) == "two"
        assert getattr(read(file, Path(), **{name: None}).model, name) == ("one" if own else None)
    file.write_text(f'[model]\nstart = "one"\n{SMALLEST}')
    with pytest.raises(ConfigError, match=f"start keeps its own {name}"):
        read(file, Path(), **{name: "two"})


EXAMPLE = ROOT / "training" / "configs" / "example.toml"


def test_the_example_explains_every_key() -> None:
    lines = [line for line in EXAMPLE.read_text("utf-8").splitlines() if " = " in line]
    said = {line.removeprefix("# ").partition(" = ")[0] for line in lines}
    models = (ModelConfig, Stage, Losses, Optimisation, Source)
    tables = {"losses", "optimisation", "data"}
    assert said == {field for model in models for field in model.model_fields} - tables


def test_what_the_example_gives_is_the_default_where_it_names_no_other() -> None:
    run = read(EXAMPLE)
    text = EXAMPLE.read_text("utf-8")
    parts = [
        part for stage in run.stages for part in (stage.losses, stage.optimisation, *stage.data)
    ]
    for part in (run.model, *parts):
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
    assert config.stages
    assert config.model.card is None or (ROOT / config.model.card).is_file()
