"""The command line, in this process."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import main as cli
from service.inference import load
from service.keys import find_key, parse_keys
from service.settings import Settings
from service.version import package_version
from tests.support.standin import StandIn

runner = CliRunner()

SECRET = "correct-horse"
KEY = f"desk:{SECRET}-battery"


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


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--portt", "1"], "--portt is no flag of `nutgraf serve`; did you mean --port?"),
        (["--api-keyz", KEY], "did you mean --api-keys?"),
        (["--api-keyz=" + KEY], "did you mean --api-keys?"),
        (["--port"], "requires an argument"),
        ([KEY], "a value without a flag"),
        ([f"--allow-open={KEY}"], "does not take a value"),
        (["--api-keys", "desk:correct"], "NUTGRAF_API_KEYS: The API key desk is shorter"),
        (["--api-keys", "correct-horse"], "NUTGRAF_API_KEYS: An API key is written"),
    ],
)
def test_a_flag_of_serve_that_is_refused_is_named_without_its_value(
    flags: list[str], reason: str
) -> None:
    result = runner.invoke(cli.app, ["serve", *flags])
    assert result.exit_code == 2
    assert reason in " ".join(result.stderr.split())
    assert "correct" not in result.stderr


def test_the_version_is_printed() -> None:
    assert runner.invoke(cli.app, ["--version"]).output == f"nutgraf {package_version()}\n"


@pytest.mark.parametrize("command", ["serve", "analyze", "score"])
def test_help_shows_no_class_of_ours(command: str) -> None:
    output = runner.invoke(cli.app, [command, "--help"]).output
    assert not re.search(r"tuple|frozenset|Path|ApiKey|[A-Z][a-z]+[A-Z]", output)


def test_every_setting_is_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Settings] = []

    def serve(chosen: Settings, _: object) -> int:
        asked.append(chosen)
        return 0

    monkeypatch.setattr("service.http.port.take", lambda host, port: [])
    monkeypatch.setattr("service.api.server.serve", serve)
    monkeypatch.setenv("NUTGRAF_MAX_QUEUE_ITEMS", "7")
    monkeypatch.setenv("NUTGRAF_PORT", "1234")
    flags = ["--port", "4321", "--allow-open", "--api-keys", KEY]
    assert runner.invoke(cli.app, ["serve", *flags]).exit_code == 0
    (settings,) = asked
    assert (settings.max_queue_items, settings.port) == (7, 4321)
    assert settings.allow_open
    assert [key.name for key in settings.api_keys] == ["desk"]


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
    assert "longer than 500" in result.stderr
    many = ["--target", "x"] * 21
    if command == "analyze":
        assert "more than 20 items" in runner.invoke(cli.app, [command, str(file), *many]).stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("API_KEYS", f"desk:{SECRET}"),
        ("API_KEYS", SECRET),
        ("ADMIN_KEYS", f"desk {SECRET}:0123456789abcdef"),
        ("DRAIN_TIMEOUT_S", "inf"),
        ("JOB_RETENTION_S", "nan"),
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
