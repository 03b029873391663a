"""The commands of training: what is wrong is one line."""

from __future__ import annotations

import csv
import itertools
import json
import pkgutil
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn, cast

import pytest
from typer.testing import CliRunner

import training as training_package
from models.artifact.artifact import load
from models.tasks.topic.section import TopicSection
from tests.support.articles import SAMPLES
from tests.support.paths import ROOT
from tests.support.training_run import WriteRows, in_role, labelled_rows
from training import __main__ as training
from training.config import Source, read
from training.data import labelled
from training.data.roles import Role, role_of
from training.errors import ConfigError
from training.fitting.corpus import build
from training.fitting.start import labels, tokenizer_json

REPORT_IDS = "^w-B"


@pytest.mark.parametrize(
    ("missing", "named"),
    [("datasets", "datasets"), ("sklearn.metrics", "sklearn"), ("accelerate", "accelerate")],
)
def test_without_its_extra_training_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str, named: str
) -> None:
    def run() -> NoReturn:
        raise ModuleNotFoundError(name=missing)

    monkeypatch.setattr(training, "app", run)
    with pytest.raises(SystemExit) as ended:
        training.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"training: {named} is not installed; training needs: make install EXTRAS=train\n"
    )


def test_the_example_config_fits_and_calibrates_on_a_csv_of_ones_own(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = ROOT / "training" / "configs" / "example.toml"
    monkeypatch.chdir(tmp_path)  # the example's paths are relative to the directory of the run
    # accelerate has one precision in a process: that of the other tests
    monkeypatch.setattr("training.fitting.trainer._precision", lambda wanted: "no")
    topics = sorted({sample.topic for sample in SAMPLES})
    schema = {
        "topic": [{"name": name} for name in topics],
        "stance": [{"name": name} for name in ("favor", "against", "neutral", "unrelated")],
        "overall": ["favor", "against", "neutral"],
    }
    Path("labels.json").write_text(json.dumps(schema))
    with Path("articles.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("body", "title", "section", "target", "stance", "overall", "summary"))
        for sample, role in itertools.product(SAMPLES, (Role.TRAIN, Role.CHOOSE)):
            text, summary = in_role(sample.text, role), sample.text.split("\n\n")[0]
            for target, stance in list(sample.stances.items()) or [("", "")]:
                row = text, sample.title, sample.topic, target, stance, "neutral", summary
                rows.writerow(row)
    commands = (
        ["fit", str(example), "--base", str(base), "--output", "mine", "--max-steps", "1"],
        ["calibrate", "mine", str(example)],
    )
    for command in commands:
        done = CliRunner().invoke(training.app, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    artifact = load(Path("mine"))
    assert artifact.name == "my-model"
    assert [label.name for label in cast(TopicSection, artifact.tasks["topic"]).labels] == topics


def check(*arguments: str | Path) -> tuple[int, str]:
    """The exit status of `data check` and what it printed."""
    done = CliRunner().invoke(training.data_app, ["check", *map(str, arguments)])
    return done.exit_code, done.output


def test_the_check_of_data_exits_by_what_it_finds(write_rows: WriteRows, tmp_path: Path) -> None:
    row = {"text": SAMPLES[0].text, "section": "sport"}
    path = write_rows([row])
    assert check(path)[0] == 2
    named = path, "--column", "topic=section"
    status, told = check(*named)
    assert status == 0
    assert told.endswith("data check: 0 refused, 1 warning\n")
    assert check(*named, "--strict")[0] == 1
    status, told = check(*named, "--json", "--strict")
    assert (status, json.loads(told)["warnings"]) == (1, 1)
    balanced = write_rows([row | {"text": in_role(f"Day {n}.", Role.TRAIN)} for n in range(25)])
    assert check(balanced, "--column", "topic=section", "--strict")[0] == 0
    assert check(tmp_path / "none.csv", balanced, "--column", "topic=section")[0] == 2


def test_the_check_knows_the_labels_of_a_file_or_an_artifact(
    write_rows: WriteRows, tiny: Path
) -> None:
    path = write_rows([{"text": SAMPLES[0].text, "topic": "sprot"}])
    assert check(path)[0] == 0
    for known in (ROOT / "training" / "fitting" / "labels.json", tiny):
        status, told = check(path, "--labels", known)
        assert status == 2
        assert f"{path}, line 1: the topic 'sprot' is none of the labels, and 'sport' comes" in told
    with pytest.raises(ConfigError, match="no labels file"):
        training.app(["check", str(path), "--labels", str(path)], standalone_mode=False)


def test_the_check_takes_a_run_with_its_labels_and_columns(recipe: Path) -> None:
    status, told = check(recipe, "--data", recipe.parent)
    assert status == 0
    assert "rows.jsonl, for heads: " in told
    assert "rows.jsonl, for measuring: " in told
    for wrong in ((recipe, recipe), (recipe, "--column", "a=b"), ("x.csv", "--column", "a")):
        assert check(*wrong)[0] == 2


Loaded = list[tuple[Role, set[Role]]]
"""The role that was asked for, and the true roles of what was given."""


def record_loads(monkeypatch: pytest.MonkeyPatch, loaded: Loaded) -> None:
    """Has every module of training that loads labelled texts do it under watch."""

    def recorded(source: Source, role: Role, labels: Any = None) -> list[labelled.Labelled]:
        found = labelled.load(source, role, labels)
        loaded.append((role, {role_of(each.text, each.id, REPORT_IDS) for each in found}))
        return found

    for _, name, _ in pkgutil.walk_packages(training_package.__path__, "training."):
        module = import_module(name)
        if module is not labelled and getattr(module, "load", None) is labelled.load:
            monkeypatch.setattr(module, "load", recorded)


@pytest.fixture
def recipe(run_file: Path, write_rows: WriteRows) -> Path:
    """A run over one file with texts of all roles, which is trained and measured on all of it."""
    rows = [row | {"id": "a"} for role in Role for row in labelled_rows(role)]
    rows += [row | {"id": "w-B", "text": f"By id. {row['text']}"} for row in labelled_rows()]
    path = write_rows(rows)
    source = f'path = "{path.name}"\nreport_ids = "{REPORT_IDS}"'
    run_file.write_text(run_file.read_text().replace(f'path = "{path}"', source))
    return run_file


@pytest.mark.parametrize(
    ("command", "roles"),
    [
        (["fit", "RECIPE", "--output", "OUT", "--checkpoints", "CK", "--max-steps", "1"],
         {Role.TRAIN, Role.CHOOSE}),
        (["calibrate", "MODEL", "RECIPE"], {Role.TRAIN, Role.CHOOSE}),
        (["evaluate", "MODEL", "RECIPE", "--write"], {Role.REPORT}),
        (["evaluate", "MODEL", "RECIPE", "--role", "choose"], {Role.CHOOSE}),
        (["limits", "MODEL", "RECIPE"], {Role.REPORT}),
    ],
)  # fmt: skip
def test_a_command_is_given_the_texts_of_its_roles_only(
    recipe: Path,
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    roles: set[Role],
) -> None:
    shutil.copytree(tiny, tmp_path / "model")
    places = {"RECIPE": recipe, "MODEL": tmp_path / "model"}
    places |= {"OUT": tmp_path / "out", "CK": tmp_path / "ck"}
    loaded: Loaded = []
    record_loads(monkeypatch, loaded)
    arguments = [str(places.get(argument, argument)) for argument in command]
    arguments += ["--data", str(recipe.parent)]
    done = CliRunner().invoke(training.app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert {role for role, _ in loaded} == roles
    for role, found in loaded:
        assert found == {role}


def test_no_text_is_trained_on_but_those_for_training(recipe: Path, base: Path) -> None:
    for stage in read(recipe, recipe.parent).stages:
        corpus = build(stage, labels(None), tokenizer_json(str(base)))
        for examples, role in ((corpus.train, Role.TRAIN), (corpus.choose, Role.CHOOSE)):
            assert {role_of(example.encoded.text) for example in examples} == {role}
            assert not any(example.encoded.text.startswith("By id.") for example in examples)


def test_figures_that_are_stored_are_those_of_reporting_texts(recipe: Path, tiny: Path) -> None:
    arguments = ["evaluate", str(tiny), str(recipe), "--role", "choose", "--write"]
    done = CliRunner().invoke(training.app, arguments)
    assert done.exit_code == 2
    assert "only figures of reporting texts are stored" in " ".join(done.output.split())


YES = {"g": True, "f": True, "m": True, "p": False, "reason": "no date"}


@pytest.mark.parametrize("reader", [[], ["--reader", "fast"]])
@pytest.mark.parametrize(
    ("form", "items", "verdict"),
    [([], "summaries", YES), (["--sentences"], "sentences", {"verdict": "true"})],
)
def test_a_sheet_is_written_judged_and_counted(
    tiny: Path,
    write_rows: WriteRows,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: list[str],
    items: str,
    verdict: dict[str, Any],
    reader: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    role = Role.CHOOSE if form else Role.REPORT
    rows = [{"text": in_role(s.text[:300], role)} for s in SAMPLES[:8] for role in Role]
    sheet = ["sheet", str(tiny), str(write_rows(rows)), "--texts", "6", *form, *reader]
    done = CliRunner().invoke(training.app, sheet, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert done.stdout == "sheet.jsonl: 6 texts; its key is key.json\n"
    (used,) = json.loads(Path("key.json").read_text("utf-8"))["artifacts"].values()
    assert used.endswith(" fast" if reader else " full")
    _, *lines = map(json.loads, Path("sheet.jsonl").read_text("utf-8").splitlines())
    assert {role_of(line["text"]) for line in lines} == {role}
    given = [
        {"number": line["number"], "letter": letter, **verdict}
        for line in lines
        for letter in line[items]
    ]
    verdicts = Path("verdicts.jsonl")
    verdicts.write_text("".join(json.dumps(each) + "\n" for each in given))
    judged = ["judged", "sheet.jsonl", "key.json", str(verdicts), str(verdicts), *form]
    done = CliRunner().invoke(training.app, judged, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["agreement"]["judged_twice"] == len(given)
    if form:
        assert found["true"] == 1
        assert found["texts"] == 6
    else:
        assert found["kinds"].keys() == {"written", "extracts"}
        for each in found["kinds"].values():
            assert each["judged"] + each["withheld"] + each["without"] == each["texts"] == 6
            assert each["reasons"] == {"no date": each["judged"]}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sentences", "--beside", "x"], "leave out --beside"),
        (["--role", "train"], "leave out --role"),
    ],
)
def test_a_sheet_that_makes_no_sense_is_refused(options: list[str], message: str) -> None:
    done = CliRunner().invoke(training.app, ["sheet", "x", "x.jsonl", *options])
    assert done.exit_code == 2
    assert message in " ".join(done.output.split())


def test_fairness_is_stored_beside_what_other_commands_stored(
    recipe: Path, tiny: Path, tmp_path: Path
) -> None:
    model, moves = tmp_path / "model", tmp_path / "moves.jsonl"
    shutil.copytree(tiny, model)
    commands = (
        ["evaluate", str(model), str(recipe), "--data", str(recipe.parent), "--write"],
        ["fairness", str(model), "--most", "1", "--write", "--moved", str(moves)],
        ["evaluate", str(model), str(recipe), "--data", str(recipe.parent), "--write"],
    )
    for command in commands:
        done = CliRunner().invoke(training.app, command, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    stored = load(model)
    fairness = stored.metrics["fairness"]
    assert fairness["command"] == "python -m training fairness models/model --most 1"
    assert fairness["figures"]["all"]["texts"] == 8
    assert "| of | texts |" in stored.card
    assert "| file | of | figure |" in stored.card
    first = json.loads(moves.read_text().splitlines()[0])
    assert first["answers"][0] != first["answers"][1]
