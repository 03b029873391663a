"""What is wrong with labelled files is found and named before training."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine import Engine
from tests.support.articles import SAMPLES, page
from tests.support.fitting import Fit
from tests.support.paths import DATA
from tests.support.training_run import WriteRows, in_role
from training.config import Config, Source
from training.data import suspects
from training.data.checks import Checker, of_files, of_run
from training.data.labelled import load
from training.data.report import Finding, Level, Report
from training.data.roles import Role
from training.data.suspects import Suspect
from training.data.uses import Use
from training.fitting.start import labels

CASES = DATA / "training"
SCHEMA = labels(None).by_set


def run_on(path: Path, part: str = "encoder", **source: Any) -> Report:
    """The check of a run with one stage on one file."""
    stage = {"name": "only", "trains": part, "data": [{"path": path, **source}]}
    return of_run(Config.model_validate({"stages": [stage]}), Checker(SCHEMA))


def kinds(report: Report) -> dict[str, int]:
    """The kinds of what was found, and in how many rows."""
    return {finding.kind: len(finding.seen) for finding in report.findings}


def the(report: Report, kind: str) -> Finding:
    (found,) = (finding for finding in report.findings if finding.kind == kind)
    return found


def lines(finding: Finding) -> list[int | None]:
    return [seen.place.line for seen in finding.seen]


TOPICS = "sport", "politics and government", "economy, business and finance"
REFUSED = {
    "label-column-ignored-trains-nothing.csv": (
        "", "no label that the stage 'only' learns from; it has 'label', 'text'; name it in the "
        'config, as in columns = { topic = "label" }',
    ),
    "cp1252-traceback.csv": (
        ", line 4", "not UTF-8, it looks like cp1252; save the file as UTF-8: "
        "iconv -f cp1252 -t utf-8",
    ),
    "header-only-traceback.csv": (
        "", "it has no rows (its columns: 'text', 'topic'); give labelled articles"
    ),
    "one-broken-json-line-traceback.jsonl": (
        ", line 11", "no JSON: Invalid control character, character 17; mend the line: "
        "one object a line",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_case_that_cannot_be_trained_on_is_refused_in_one_line(fit: Fit, name: str) -> None:
    place, message = REFUSED[name]
    status, line, _ = fit(CASES / name)
    assert status == 2
    assert line == f"training: nothing is trained: {CASES / name}{place}: {message}"


@pytest.mark.parametrize(
    "name",
    ["semicolon-bom-traceback.csv", "label-case-and-spaces.csv", "topic-codes-refused.csv"],
)
def test_a_case_is_read_as_it_is_meant(name: str) -> None:
    report = run_on(CASES / name)
    assert kinds(report) == {"few-rows": 0}
    counted = {label: roles.total() for label, roles in report.files[0].labels["topic"].items()}
    assert counted == dict.fromkeys(TOPICS, 20)
    source = Source(path=CASES / name)
    topics = {topic for text in load(source, Role.TRAIN, SCHEMA) for topic in text.topics}
    assert topics <= {label.name for label in SCHEMA["topic"]}


def test_stances_without_a_target_are_named_and_left_out() -> None:
    path = CASES / "stance-without-target-becomes-overall.csv"
    report = run_on(path, "fast")
    found = the(report, "no-target")
    assert (len(found.seen), lines(found)[:3]) == (10, [5, 11, 17])
    assert all(None not in text.stances for text in load(Source(path=path), Role.TRAIN))
    assert the(run_on(path, "encoder"), "no-labels").level is Level.REFUSED


def test_the_same_text_with_two_labels_is_counted_and_named() -> None:
    path = CASES / "same-text-two-labels.csv"
    report = run_on(path)
    assert str(the(report, "two-labels")).startswith(
        f"{path}, 19 rows: the same text as another row, with another "
        "topic; keep the right one; lines 5 ('politics and government', and 'sport' as line 4), "
    )
    assert lines(the(report, "duplicate"))[:3] == [3, 9, 17]
    assert len(the(report, "duplicate").seen) == 11


def test_rows_without_a_text_are_counted_and_named() -> None:
    path = CASES / "twelve-empty-rows-dropped-silently.csv"
    assert str(the(run_on(path), "empty")) == (
        f"{path}, 12 rows: no text, so the row is left out; lines 2, 7, 12, 17, 22 and 7 more"
    )


ROW = {"text": SAMPLES[0].text, "topic": SAMPLES[0].topic}
UNTARGETED = {"target": None, "stance": "favor"}


@pytest.mark.parametrize(
    ("rows", "kind", "rows_found"),
    [
        ([ROW, ROW | {"text": ROW["text"].upper()}], "duplicate", [2]),
        ([ROW | {"target": t, "stance": "favor"} for t in "aab"], "duplicate", [2]),
        ([ROW, ROW | {"topic": "sport"}], "two-labels", [2]),
        ([ROW | {"target": "a", "stance": s} for s in ("favor", "neutral")], "two-labels", [2]),
        ([ROW, {"text": " – ", "topic": "sport"}, {"topic": "sport"}], "empty", [2, 3]),
        ([ROW, ROW | {"text": "Word " * 4097}], "over-long", [2]),
        ([ROW, ROW | {"text": page("french.txt")}], "language", [2]),
        ([ROW, ROW | {"topic": "sprot"}], "unknown-label", [2]),
        ([ROW, ROW | {"also": ["health", "helth"]}], "unknown-label", [2]),
        ([ROW, ROW | {"overall": "unrelated"}], "unknown-label", [2]),
        ([ROW, ROW | UNTARGETED], "no-target", [2]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rows_is_found_in_their_lines(
    write_rows: WriteRows, rows: list[dict[str, Any]], kind: str, rows_found: list[int]
) -> None:
    report = of_files([write_rows(rows)], Checker(SCHEMA), {})
    found = the(report, kind)
    assert lines(found) == rows_found
    assert (found.level is Level.REFUSED) == (kind == "unknown-label")
    assert ROW["text"][:20] not in str(report) + report.as_json()


def test_several_targets_and_topics_of_a_text_are_no_duplicates(write_rows: WriteRows) -> None:
    rows = [
        ROW | {"target": "a", "stance": "favor", "also": "sport"},
        ROW | {"target": "b", "stance": "favor", "topic": "sport"},
    ]
    assert kinds(of_files([write_rows(rows)], Checker(SCHEMA), {})) == {"few-rows": 0}


def test_labels_mean_what_the_source_says(write_rows: WriteRows) -> None:
    rows = [
        {"text": f"{ROW['text']} {n}.", "claim": "a", "says": says}
        for n, says in enumerate(("YES", "open"))
    ]
    columns = {"target": "claim", "stance": "says"}
    source = Source(
        path=write_rows(rows),
        columns=columns,
        stances={"yes": "favor", "open": ("favor", "neutral")},
    )
    checker = Checker(SCHEMA)
    checker.add(Use(source))
    report = checker.report()
    assert report.refused == []
    assert {label: roles.total() for label, roles in report.files[0].labels["stance"].items()} == {
        "favor": 1
    }


def test_without_a_label_set_any_label_goes_but_two_spellings_are_named(
    write_rows: WriteRows,
) -> None:
    rows = [
        {"text": f"{sample.text}", "topic": topic}
        for sample, topic in zip(SAMPLES, ("Tax", "tax ", "x"), strict=False)
    ]
    report = of_files([write_rows(rows)], Checker(), {})
    assert str(the(report, "spelling")).endswith(
        "the topic is written in 2 ways, as 'Tax' and 'tax '; with a labels file they are one label"
    )


def test_nearly_the_same_text_is_named_in_its_file(write_rows: WriteRows) -> None:
    text = in_role(SAMPLES[0].text, Role.TRAIN)
    near = {"text": text[:200] + text[200:].replace(" the ", " a ", 2), "topic": "health"}
    path = write_rows(
        [{"text": text, "topic": "sport"}, {"text": SAMPLES[1].text, "topic": "sport"}, near, near]
    )
    report = of_files([path], Checker(SCHEMA), {})
    assert lines(the(report, "near-duplicate")) == [3]
    assert lines(the(report, "duplicate")) == [4]
    other = write_rows([near], "other.jsonl")
    assert "near-duplicate" not in kinds(
        of_files([write_rows([ROW | {"text": text}]), other], Checker(), {})
    )


def test_a_text_in_two_roles_is_a_leak(write_rows: WriteRows) -> None:
    one, other = (in_role(SAMPLES[0].text, role) for role in (Role.TRAIN, Role.REPORT))
    path = write_rows([{"text": text, "topic": "sport"} for text in (one, other)])
    (seen,) = the(of_files([path], Checker(), {}), "leak").seen
    assert seen.place.line == 2
    assert seen.note.startswith("nearly the same text (")
    assert seen.note.endswith("%) to report, and to train as line 1")


def test_ids_for_reporting_leak_where_the_text_stands_elsewhere_too(write_rows: WriteRows) -> None:
    text = in_role("Rain.", Role.TRAIN)
    path = write_rows([{"id": id, "text": text, "topic": "weather"} for id in ("a", "test-1")])
    report = run_on(path, report_ids="^test-")
    assert the(report, "leak").seen[0].note == "the same text to report, and to train as line 1"


def test_groups_in_two_roles_are_counted(write_rows: WriteRows) -> None:
    rows = [
        {"text": in_role(f"{outlet} wrote {n}.", role), "topic": "sport", "outlet": outlet}
        for outlet, roles in (("Herald", Role), ("Courier", [Role.TRAIN] * 2), (None, Role))
        for n, role in enumerate(roles)
    ]
    path = write_rows(rows)
    found = the(of_files([path], Checker(group="outlet"), {}), "group")
    assert "1 of 2 groups are in more than one role" in found.what
    assert "'Herald' 1 to train, 1 to choose, 1 to report" in found.what
    assert the(of_files([path], Checker(group="outlt"), {}), "group").level is Level.REFUSED


def many(counts: dict[str, int]) -> list[dict[str, Any]]:
    texts = (in_role(f"Story {n} of many.", Role.TRAIN) for n in range(sum(counts.values())))
    return [
        {"text": next(texts), "topic": topic}
        for topic, count in counts.items()
        for _ in range(count)
    ]


def test_labels_that_are_rare_and_much_rarer_are_named(write_rows: WriteRows) -> None:
    path = write_rows(many({"sport": 500, "health": 25, "labor": 3}))
    report = run_on(path)
    assert str(the(report, "few-rows")) == (
        "stage 'only', topic: 15 of 17 labels have fewer than 20 rows to train on: 'labor' 3, "
        "14 with none; add some, or train with fewer labels"
    )
    assert (
        "'sport' has 20 times as many rows to train on as 'health'" in the(report, "imbalance").what
    )
    assert "imbalance" not in kinds(run_on(path, per_topic=100))


def test_a_file_of_two_stages_is_told_once_of_each_row(write_rows: WriteRows) -> None:
    path = write_rows([ROW | {"target": "a", "stance": "favor"}] * 2)
    sources = [{"path": path}]
    stages = [{"name": n, "trains": n, "data": sources} for n in ("encoder", "fast")]
    run = Config.model_validate({"stages": stages, "measured": sources})
    report = of_run(run, Checker(SCHEMA))
    assert lines(the(report, "duplicate")) == [2]
    assert [file.use for file in report.files] == ["encoder", "fast", "measuring"]
    assert [list(file.labels) for file in report.files] == [
        ["topic"],
        ["stance"],
        ["topic", "stance"],
    ]


def test_texts_that_are_all_for_another_role_are_refused(write_rows: WriteRows) -> None:
    path = write_rows([{"text": in_role("Rain.", Role.REPORT), "topic": "weather"}])
    assert "none of its 1 texts is to train on" in the(run_on(path), "no-labels").what


def test_a_column_that_is_nearly_ours_is_named(write_rows: WriteRows) -> None:
    path = write_rows([{"text": SAMPLES[0].text, "Topic": "sport", "overall": "favor", "x": 1}])
    assert the(run_on(path), "unread-column").what == (
        "the column 'Topic' is not read; columns = { topic = \"Topic\" } reads it as 'topic'"
    )
    assert "unread-column" not in kinds(run_on(path, columns={"topic": "Topic"}))


def test_questions_made_by_rule_are_something_to_learn_from(write_rows: WriteRows) -> None:
    path = write_rows([{"text": in_role(SAMPLES[0].text, Role.TRAIN)}])
    assert the(run_on(path, "fast"), "no-labels")
    assert run_on(path, "fast", questions=2).refused == []


def test_labels_that_look_wrong_are_named_with_a_model(
    write_rows: WriteRows, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, ...]] = []

    def found(states: np.ndarray[Any, Any], labels: Sequence[tuple[str, ...]]) -> list[Suspect]:
        assert len(states) == len(labels) == 3
        given.extend(labels)
        return [Suspect(1, "health", 0.91, 0.02)]

    monkeypatch.setattr(suspects, "suspects", found)
    rows = [{"text": each.text, "topic": "sport", "also": "labor"} for each in SAMPLES[:3]]
    rows.insert(1, {"text": " ", "topic": "sport", "also": ""})
    report = of_files([write_rows([*rows, rows[0]])], Checker(SCHEMA, engine=engine), {})
    assert given == [("sport", "labor")] * 3
    (seen,) = the(report, "suspect").seen
    assert seen.place.line == 3
    assert seen.note == "'sport', 'health' is likelier (0.91 and 0.02)"


def test_the_report_is_json_too(write_rows: WriteRows) -> None:
    report = of_files([write_rows([ROW, ROW])], Checker(SCHEMA), {})
    found = json.loads(report.as_json())
    assert (found["refused"], found["warnings"]) == (0, 2)
    (file,) = found["files"]
    assert file["rows"] == 2
    assert file["labels"]["topic"][ROW["topic"]]["train"] + sum(file["roles"].values()) >= 2
    duplicate = next(each for each in found["findings"] if each["kind"] == "duplicate")
    assert duplicate["places"] == [{"file": file["file"], "line": 2, "note": "as line 1"}]
