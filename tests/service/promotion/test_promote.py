"""`nutgraf promote`, `rollback` and `versions`, on tiny models."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from models.article import Article, Options
from models.artifact import artifact
from models.engine import Engine
from service.archive.rows import InputColumns
from service.cli.main import app
from service.current import artifact_of
from service.inference.load import load_engine
from service.promotion.replay import replay
from service.settings import Settings
from training.fitting.start import labels
from training.tiny import write_tiny

runner = CliRunner()
SECRET = "zanzibar"
TOPIC = Options(tasks=frozenset({"topic"}))


def texts(count: int) -> list[str]:
    return [
        f"The council of {SECRET} met on day {n} in town {n * 7}. Rain fell. It was late."
        for n in range(count)
    ]


def run(*arguments: object) -> Result:
    return runner.invoke(app, list(map(str, arguments)))


@dataclass(frozen=True)
class Desk:
    """A registry in which a tiny model serves, texts labelled as it answers, and candidates."""

    registry: Path
    data: Path
    archive: Path
    serving: Path
    equal: Path
    worse: Path

    def promote(self, candidate: Path, *more: object) -> Result:
        flags = ("--registry", self.registry, "--data", self.data, "--skip", "stance")
        return run("promote", candidate, *flags, "--tolerance", 0.05, "--by", "ann", *more)

    @property
    def digest(self) -> str:
        return json.loads((self.registry / "current.json").read_text())["digest"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def candidates(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Artifacts that answer as the tiny one does, and otherwise."""
    directory = tmp_path_factory.mktemp("candidates")
    model = artifact.load(tiny)
    artifact.save(replace(model, version="1"), directory / "equal")
    write_tiny(directory / "worse", labels(None), seed=1)
    return {name: directory / name for name in ("equal", "worse")}


@pytest.fixture
def desk(engine: Engine, tiny: Path, candidates: dict[str, Path], tmp_path: Path) -> Desk:
    rows = labelled(engine, texts(80))
    data, archive = tmp_path / "held-out.jsonl", tmp_path / "archive.jsonl"
    write(data, rows)
    write(archive, [{"id": f"row-{n}", "text": text} for n, text in enumerate(texts(30))])
    desk = Desk(tmp_path / "registry", data, archive, tiny, **candidates)
    first = run("promote", tiny, "--registry", desk.registry, "--why", "the first")
    assert first.exit_code == 0, first.output
    assert "compared with nothing" in first.stdout
    return desk


def labelled(engine: Engine, which: Sequence[str]) -> list[dict[str, Any]]:
    """Rows whose topics are those that a model answers."""
    batch = [engine.prepare(Article(text, options=TOPIC)) for text in which]
    found = [each for each in engine.analyze(batch) if not isinstance(each, Exception)]
    tops = [each.topic.scores[0].label for each in found if each.topic]
    return [{"text": t, "topic": top} for t, top in zip(which, tops, strict=True)]


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def test_an_equal_candidate_serves_with_its_report_beside_it(desk: Desk) -> None:
    before = desk.digest
    done = desk.promote(desk.equal, "--archive", desk.archive, "--why", "a trial")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1].startswith("tiny-1-")
    assert "0 of 90 labels change in 30 rows" in done.stdout
    assert desk.digest == artifact.load(desk.equal).digest != before
    serves = artifact_of(desk.registry)
    report = json.loads(serves.with_name(f"{serves.name}.json").read_text())
    assert (report["current"], report["candidate"]["digest"]) == (before, desk.digest)
    assert {figure["verdict"] for figure in report["comparison"]["figures"]} == {"no worse"}
    assert load_engine(Settings(model=desk.registry)).info.digest == desk.digest


def test_a_worse_candidate_is_refused_and_a_report_written(desk: Desk, tmp_path: Path) -> None:
    before, report = desk.digest, tmp_path / "report.json"
    done = desk.promote(desk.worse, "--archive", desk.archive, "--report", report)
    assert done.exit_code == 6, done.output
    assert done.stderr.count("\n") == 1
    assert "refused: topic macro_f1 worse: -" in done.stderr
    assert desk.digest == before
    assert len(list((desk.registry / "versions").glob("*/"))) == 1
    found = json.loads(report.read_text())
    assert found["reasons"]
    assert found["replay"]["changed"]["topic"] > 0
    for told in (done.stdout, done.stderr, report.read_text()):
        assert SECRET not in told


def test_what_changes_most_is_told_by_its_place(desk: Desk) -> None:
    done = desk.promote(desk.worse, "--archive", desk.archive, "--limit", 10)
    (summary,) = (n for n, line in enumerate(done.stdout.splitlines()) if "labels change" in line)
    lines = done.stdout.splitlines()[summary:]
    assert "of 30 labels change in 10 rows" in lines[0]
    assert f"{desk.archive}:" in lines[1]
    assert "(row-" in lines[1]
    moved = [float(line.rsplit(" ", 1)[1]) for line in lines[1:]]
    assert moved == sorted(moved, reverse=True)
    assert 0 < len(moved) <= 20


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    before = desk.digest
    done = desk.promote(desk.equal, "--dry-run")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "it would be promoted"
    assert desk.digest == before
    assert len(list((desk.registry / "versions").glob("*/"))) == 1


def test_too_few_texts_are_refused(desk: Desk) -> None:
    done = desk.promote(desk.equal, "--tolerance", 0.01)
    assert done.exit_code == 6
    assert "too few texts (80; about 368 are needed)" in done.stderr


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ([], "name texts with labels"),
        (["--data", "nowhere.csv"], "nowhere.csv"),
        (["--data", "empty.jsonl"], "no text with a label"),
        (["--archive", "nowhere.csv"], "no such file"),
        (["--skip", "stances"], "there is no task"),
    ],
)
def test_what_cannot_be_compared_is_one_line(
    desk: Desk, more: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.jsonl").write_text("")
    before = desk.digest
    done = run("promote", desk.equal, "--registry", desk.registry, *more)
    assert done.exit_code == 2, done.output
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert desk.digest == before


def test_a_candidate_that_was_not_calibrated_is_refused_where_that_withholds_labels(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calibrated = tmp_path / "calibrated"
    done = run("calibrate", desk.data, "--output", calibrated, "--model", desk.registry)
    assert done.exit_code == 0, done.output
    assert desk.promote(calibrated).exit_code == 0
    monkeypatch.setenv("NUTGRAF_MAX_ERROR", "0.1")
    refused = desk.promote(desk.equal)
    assert refused.exit_code == 6, refused.output
    assert "topic right_and_shown worse: -" in refused.stderr
    monkeypatch.delenv("NUTGRAF_MAX_ERROR")
    assert desk.promote(desk.equal).exit_code == 0


def test_the_version_that_serves_is_no_candidate(desk: Desk) -> None:
    done = desk.promote(desk.serving)
    assert done.exit_code == 2
    assert "serves already" in done.stderr


def test_a_task_without_labels_is_refused(desk: Desk) -> None:
    done = run("promote", desk.equal, "--registry", desk.registry, "--data", desk.data,
               "--tolerance", 0.05)  # fmt: skip
    assert done.exit_code == 6
    assert "stance is not compared" in done.stderr


@pytest.mark.slow
def test_a_candidate_that_lacks_a_task_is_refused_unless_it_may(desk: Desk, tmp_path: Path) -> None:
    model = artifact.load(desk.serving)
    tasks = {name: section for name, section in model.tasks.items() if name != "subject"}
    del model.network.heads["subject"]  # type: ignore[attr-defined, operator, unused-ignore]
    artifact.save(replace(model, tasks=tasks), tmp_path / "less")
    refused = desk.promote(tmp_path / "less")
    assert refused.exit_code == 6
    assert refused.stderr == "nutgraf: refused: it has no task subject\n"
    done = desk.promote(tmp_path / "less", "--allow-missing-tasks")
    assert done.exit_code == 0, done.output


def test_one_command_goes_back(desk: Desk) -> None:
    before = desk.digest
    assert desk.promote(desk.equal).exit_code == 0
    done = run("rollback", "--registry", desk.registry, "--why", "too many calls")
    assert done.exit_code == 0
    assert desk.digest == before
    again = run("rollback", "--registry", desk.registry)
    assert again.exit_code == 2
    assert "no version served before" in again.stderr


def test_versions_are_listed_with_what_happened(desk: Desk) -> None:
    assert desk.promote(desk.equal, "--why", "better \x1b[31m").exit_code == 0
    done = run("versions", "--registry", desk.registry)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("before  tiny-0-")
    assert lines[1] == f"serves  tiny-1-{desk.digest[:12]}  {desk.digest}"
    assert "promote" in lines[2]
    assert lines[2].endswith(": the first")
    assert "by ann: better ␛[31m" in lines[3]
    none = run("versions", "--registry", desk.registry / "none")
    assert none.exit_code == 2
    assert "no version serves there" in none.stderr


def test_what_serves_in_one_registry_is_promoted_in_another(desk: Desk, tmp_path: Path) -> None:
    done = run("promote", desk.registry, "--registry", tmp_path / "other")
    assert done.exit_code == 0, done.output
    assert artifact_of(tmp_path / "other").name == artifact_of(desk.registry).name


def test_other_commands_take_a_registry(desk: Desk, tmp_path: Path) -> None:
    article, output = tmp_path / "article.txt", tmp_path / "out"
    article.write_text(texts(1)[0])
    assert run("analyze", article, "--model", desk.registry).exit_code == 0
    done = run("score", desk.archive, "--model", desk.registry, "--output", output)
    assert done.exit_code == 0, done.output
    assert desk.digest in (output / "manifest.jsonl").read_text()


class Stubborn:
    """An engine that fails on some articles, and withholds every label of others."""

    def __init__(self, engine: Engine) -> None:
        self.info, self.preparer, self.parallel = engine.info, engine.preparer, 1
        self._engine = engine

    def analyze(self, batch: Sequence[Any]) -> list[Any]:
        return [
            RuntimeError("no answer") if "day 3 " in prepared.encoded.text else
            self._silent(found) if "day 4 " in prepared.encoded.text else found
            for prepared, found in zip(batch, self._engine.analyze(batch), strict=True)
        ]  # fmt: skip

    def _silent(self, found: Any) -> Any:
        topic = replace(found.results["topic"], label=None)
        return replace(found, results={**found.results, "topic": topic})


def test_failures_and_withheld_labels_are_changes(engine: Engine, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [{"text": text} for text in texts(6)]
    path = tmp_path / "archive.jsonl"
    write(path, [*rows, {"text": ""}, {"text": 7}])
    found = replay(engine, Stubborn(engine), [path], InputColumns())  # type: ignore[arg-type]
    assert (found.rows, found.rejected, found.failed) == (8, 2, 1)
    places = {(change.line, change.task, change.after) for change in found.most}
    assert (4, "topic", None) in places
    assert (5, "topic", None) in places
    assert {line for line, *_ in places} == {4, 5}
    silenced = [change for change in found.most if change.line == 5]
    assert [change.moved for change in silenced] == [0.0], "its probability is as it was"


def test_a_model_changes_nothing_of_itself(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "archive.jsonl"
    write(path, [{"text": text} for text in texts(300)])
    found = replay(engine, engine, [path], InputColumns())
    assert found.rows == 300
    assert sum(found.changed.values()) == 0
    assert found.most == ()
