"""The command line, in this process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import main as cli
from service.inference import load
from service.keys import find_key, parse_keys
from service.settings import Settings
from tests.support.stand_in_model import StandIn

runner = CliRunner()


@pytest.fixture(autouse=True)
def standin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "load_engine", lambda settings, parallel: StandIn())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text("\ufeffRain fell on the harbour.", encoding="utf-8")
    return path


def test_an_article_is_printed(file: Path) -> None:
    result = runner.invoke(cli.app, ["analyze", str(file), "--target", "rain", "--target", "sun"])
    assert result.exit_code == 0, result.output
    assert "weather 75%" in result.output
    assert "stance on rain" in result.output
    assert "stance on sun" in result.output
    assert "Rain ‹1› fell on the harbour. ‹topic›" in result.output


def test_standard_input_and_json(file: Path) -> None:
    result = runner.invoke(cli.app, ["analyze", "-", "--json"], input=file.read_bytes())
    assert json.loads(result.stdout)["topic"]["label"] == "weather"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"  \n", "There is no text", id="blank"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not text"),
        pytest.param(b"nan", "not finite", id="the model's error"),
    ],
)
def test_what_cannot_be_analysed_is_one_line(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    result = runner.invoke(cli.app, ["analyze", str(file)])
    assert result.exit_code == 2
    assert result.stderr.startswith("nutgraf: ")
    assert result.stderr.count("\n") == 1
    assert reason in result.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    result = runner.invoke(cli.app, ["analyze", str(tmp_path / "none.txt")])
    assert result.exit_code == 2
    assert "No such file" in result.stderr


def test_a_key_is_made_with_its_entry() -> None:
    lines = runner.invoke(cli.app, ["key", "desk"]).output.splitlines()
    secret, entry = (line.split()[1] for line in lines)
    assert find_key(parse_keys(entry), secret) is not None


def test_help_lists_every_setting_as_a_flag() -> None:
    result = runner.invoke(cli.app, ["serve", "--help"])
    assert result.exit_code == 0
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')}" in result.output


def test_a_setting_that_is_not_known_is_refused() -> None:
    assert runner.invoke(cli.app, ["serve", "--portt", "1"]).exit_code == 2


def test_a_condition_without_a_value_is_refused(tmp_path: Path) -> None:
    command = ["score", "in.jsonl", "--output", str(tmp_path / "out"), "--where", "language"]
    result = runner.invoke(cli.app, command)
    assert result.exit_code == 2
    assert "column=value" in result.stderr
    assert not (tmp_path / "out").exists()


ORDER = "\x1b]0;zanzibar\x07\x9b2J\x7f\u202e"


def assert_no_order(output: str) -> None:
    assert "zanzibar" in output
    assert not [mark for mark in output if not mark.isprintable() and mark != "\n"]


def test_an_article_gives_the_terminal_no_orders(file: Path) -> None:
    file.write_text(f"Rain{ORDER} fell.\n", encoding="utf-8")
    command = ["analyze", str(file), "--target", f"rain{ORDER}"]
    assert_no_order(runner.invoke(cli.app, command).output)
    written = runner.invoke(cli.app, [*command, "--json"]).output
    assert_no_order(written)
    assert json.loads(written)["stance"][0]["target"] == f"rain{ORDER}"


def test_the_name_of_a_file_gives_the_terminal_no_orders(tmp_path: Path) -> None:
    assert_no_order(runner.invoke(cli.app, ["analyze", str(tmp_path / f"none{ORDER}")]).stderr)
    out = ["--output", str(tmp_path / "out"), "--model", str(tmp_path / f"none{ORDER}")]
    assert_no_order(runner.invoke(cli.app, ["score", "none.csv", *out]).stderr)
    assert_no_order(runner.invoke(cli.app, ["report", f"none{ORDER}"]).stderr)


@pytest.mark.parametrize("command", ["analyze", "score"])
def test_a_target_that_is_too_long_is_refused(tmp_path: Path, file: Path, command: str) -> None:
    rest = ["--output", str(tmp_path / "out")] if command == "score" else []
    long = ["--target", "x" * 501]
    result = runner.invoke(cli.app, [command, str(file), *long, *rest])
    assert result.exit_code == 2
    assert "at most 500" in result.stderr
    many = ["--target", "x"] * 21
    if command == "analyze":
        assert "20 times" in runner.invoke(cli.app, [command, str(file), *many]).stderr


SECRET = "correct-horse"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEYS", f"desk:{SECRET}"),
        ("API_KEYS", SECRET),
        ("ADMIN_KEYS", f"desk {SECRET}:0123456789abcdef"),
        ("DRAIN_TIMEOUT_S", "inf"),
        ("JOB_LEASE_S", "nan"),
        ("DEVICE", "cuda:99999999999999"),
        ("LOG_FORMAT", SECRET),
        ("MAX_BATCH_TOKENS", "9" * 5000),
    ],
)
@pytest.mark.parametrize("command", ["serve", "analyze", "score"])
def test_a_bad_setting_is_one_line_without_its_value_for_every_command(
    file: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str, value: str
) -> None:
    arguments = {
        "serve": [],
        "analyze": [str(file)],
        "score": [str(file), "--output", str(file.with_name("out"))],
    }
    monkeypatch.setenv(f"NUTGRAF_{name}", value)
    result = runner.invoke(cli.app, [command, *arguments[command]])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"nutgraf: NUTGRAF_{name}: ")
    assert result.stderr.count("\n") == 1
    assert SECRET not in result.output
    assert "9" * 50 not in result.output
    assert not file.with_name("out").exists()


@pytest.mark.parametrize("command", ["analyze", "score"])
def test_every_command_warns_of_a_variable_that_is_no_setting(
    file: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("NUTGRAF_TREADS", SECRET)
    flags = (
        ["--output", str(file.with_name("out")), "--model", "none"] if command == "score" else []
    )
    result = runner.invoke(cli.app, [command, str(file), *flags])
    assert result.stderr.startswith(
        "nutgraf: NUTGRAF_TREADS is no setting and has no effect; did you mean NUTGRAF_THREADS?\n"
    )
    assert SECRET not in result.output
