"""A desk counts a model's errors on its own texts, and gets a copy that keeps limits on them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from models.article import Article, Options
from models.artifact.artifact import load
from models.engine import Engine
from service.cli.main import app

runner = CliRunner()


def texts(count: int) -> list[str]:
    return [
        f"The council met on day {n} in town {n * 7}. Rain fell. It was late." for n in range(count)
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def as_answered(engine: Engine, count: int) -> list[dict[str, Any]]:
    """Rows whose topics are those that a model answers, so that none is wrong."""
    options = Options(tasks=frozenset({"topic"}))
    batch = [engine.prepare(Article(text, options=options)) for text in texts(count)]
    found = engine.analyze(batch)
    return [
        {"text": text, "topic": each.topic.label, "stance": "favor" if n < 5 else None}
        for n, (text, each) in enumerate(zip(texts(count), found, strict=True))
        if not isinstance(each, Exception) and each.topic
    ]


def test_a_copy_answers_under_a_limit_that_the_texts_allow(
    engine: Engine, tiny: Path, tmp_path: Path
) -> None:
    rows = write(tmp_path / "desk.jsonl", as_answered(engine, 70))
    output = tmp_path / "mine"
    command = ["calibrate", str(rows), "--output", str(output), "--model", str(tiny)]
    done = runner.invoke(app, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    told = re.fullmatch(r"topic: 70 texts; answers from --max-error (0\.0\d+) on", lines[0])
    assert told is not None
    assert 0.042 <= float(told[1]) <= 0.06  # none is wrong: 70 to 50 of them are sure enough
    assert lines[1].startswith("overall: 5 texts; too few")
    assert lines[2] == f"{output} {load(output).digest}"
    sections = {place: load(place).tasks for place in (tiny, output)}
    assert list(sections[output]["topic"].limits) == ["topic"]
    assert sections[output]["stance"].limits == {}
    assert sections[output]["summary"] == sections[tiny]["summary"]
    for name in ("weights.safetensors", "reader-1.safetensors", "tokenizer.json"):
        assert (output / name).read_bytes() == (tiny / name).read_bytes()
    for limit, is_answered in ((0.05, True), (0.03, False)):
        options = Options(tasks=frozenset({"topic"}), max_error=limit)
        mine = Engine.load(output, device="cpu", dtype="float32")
        (found,) = mine.analyze([mine.prepare(Article(texts(1)[0], options=options))])
        assert not isinstance(found, Exception)
        assert found.topic is not None
        assert (found.topic.label is not None) == is_answered


@pytest.mark.parametrize(
    ("count", "reason"),
    [(58, "there are 58 texts with a label; a limit of 5% needs 59"), (0, "there are 0 texts")],
)
def test_too_few_texts_are_refused_in_one_line(
    engine: Engine, tiny: Path, tmp_path: Path, count: int, reason: str
) -> None:
    rows = write(tmp_path / "desk.jsonl", as_answered(engine, count) if count else [])
    output = tmp_path / "mine"
    command = ["calibrate", str(rows), "--output", str(output), "--model", str(tiny)]
    done = runner.invoke(app, command)
    assert done.exit_code == 2
    assert done.stderr.count("\n") == 1
    assert reason in done.stderr
    assert not output.exists()


def test_nothing_that_is_there_is_overwritten(tiny: Path, tmp_path: Path) -> None:
    rows = write(tmp_path / "desk.jsonl", [])
    done = runner.invoke(app, ["calibrate", str(rows), "--output", str(tmp_path)])
    assert done.exit_code == 2
    assert "is there already" in done.stderr
