"""What the README says is true: its commands are the Makefile's, its blocks parse and run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from glob import glob
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import typer.main
import yaml

from service.api.app import create_app
from service.api.lifecycle import Service
from service.cli.main import app as nutgraf
from service.inference.load import load_engine
from service.settings import Settings
from tests.support.paths import ROOT
from training.__main__ import app as training
from training.commands import train
from training.config import Config

README = (ROOT / "README.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for name, text in BLOCKS if name == language]


def commands() -> list[list[str]]:
    """The commands of the shell blocks as words, programs without their directory."""
    whole = re.sub(r"'\{.*?\}'", lambda body: one_line(body[0]), "".join(blocks("sh")), flags=re.S)
    lines = [shlex.split(line, comments=True) for line in whole.splitlines() if line.strip()]
    return [[Path(words[0]).name, *words[1:]] for words in lines]


def one_line(body: str) -> str:
    """A quoted JSON body without its line breaks."""
    return shlex.quote(json.dumps(json.loads(body[1:-1])))


def request() -> dict[str, Any]:
    curl, *_ = of("curl")
    body: dict[str, Any] = json.loads(curl[-1])
    return body


def of(program: str) -> list[list[str]]:
    return [words for words in commands() if words[0] == program]


def test_its_make_targets_are_the_makefiles() -> None:
    used = {words[1] for words in of("make")}
    targets = set(re.findall(r"^([\w-]+):", MAKEFILE, re.MULTILINE))
    assert {"serve", "test", "check"} <= used <= targets
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert targets == set(phony.split())


@pytest.mark.skipif(not shutil.which("make"), reason="no make")
@pytest.mark.parametrize(
    ("target", "command"),
    [("serve", "nutgraf serve"), ("test", "-m pytest"), ("check", "ruff check")],
)
def test_a_make_target_installs_and_runs(tmp_path: Path, target: str, command: str) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", target],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "-m venv" in done.stdout
    assert "pip" in done.stdout
    assert command in done.stdout.splitlines()[-1] or target == "check"
    assert command in done.stdout


@pytest.mark.skipif(not shutil.which("make"), reason="no make")
def test_what_is_installed_is_not_installed_again(tmp_path: Path) -> None:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    for stamp in (".made", ".installed", ".installed-test", ".installed-dev"):
        (tmp_path / ".venv" / stamp).touch()
    for target in ("serve", "test", "check"):
        done = subprocess.run(
            ["make", "--dry-run", "--no-print-directory", target],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "pip" not in done.stdout


def options(app: typer.Typer, *names: str) -> set[str]:
    """Of a command that exists."""
    command: Any = typer.main.get_command(app)
    for name in names:
        if not hasattr(command, "commands"):
            break
        command = command.commands[name]
    known = {option for parameter in command.params for option in parameter.opts}
    if command.ignore_unknown_options:  # the settings are the flags of `serve`
        known |= {f"--{name.replace('_', '-')}" for name in Settings.model_fields}
    return known | {"--help"}


def own_labels() -> typer.Typer:
    """The command that `nutgraf train` takes in from training."""
    app = typer.Typer()
    app.command()(train)
    return app


def check_options(app: typer.Typer, words: list[str]) -> None:
    """That a command and its options exist."""
    known = options(app, *words) | (options(own_labels()) if words[0] == "train" else set())
    assert {word for word in words[1:] if word.startswith("--")} <= known, words


def test_its_nutgraf_and_training_commands_exist() -> None:
    assert of("nutgraf")
    for words in of("nutgraf"):
        check_options(nutgraf, words[1:])
    runs = [words[3:] for words in of("python") if words[1:3] == ["-m", "training"]]
    assert {words[0] for words in runs} == {"fit", "calibrate", "evaluate"}
    for words in runs:
        check_options(training, words)
    mentioned = set(re.findall(r"`(--[a-z-]+)", README))
    known = options(training, "fit") | options(nutgraf, "score") | options(own_labels())
    assert mentioned <= known
    for command, flags in re.findall(r"`nutgraf (\w+)([^`]*)`", README):
        check_options(nutgraf, [command, *flags.split()])
    for module in re.findall(r"`python -m (benchmarks\.\w+)`", README):
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), module


def test_its_config_is_one() -> None:
    for text in blocks("toml"):
        config = Config.model_validate(tomllib.loads(text))
        assert config.stages
        assert config.measured


def test_its_settings_exist_with_these_defaults() -> None:
    rows = re.findall(r"^\| (`NUTGRAF_[^|]*) \| ([^|]*) \|", README, re.MULTILINE)
    assert len(rows) > 5
    for names, defaults in rows:
        for name, default in zip(names.split(", "), defaults.split(", "), strict=True):
            field = Settings.model_fields[name.strip("`").removeprefix("NUTGRAF_").lower()]
            if re.match(r"`|\d", default):
                assert str(field.default) == default.strip("`"), name
    for name in re.findall(r"NUTGRAF_[A-Z_]+", README):
        if name != "NUTGRAF_KEY":  # the compose file's own
            assert name.removeprefix("NUTGRAF_").lower() in Settings.model_fields, name


def test_the_files_it_names_are_there() -> None:
    for name in re.findall(r"`([\w/.-]+/[\w.-]+\.(?:py|toml|json|md|yml))`", README):
        if name != "models/nutgraf-mini/README.md":  # see test_shipped
            assert (ROOT / name).is_file(), name
    for folder in re.findall(r"^    (\w+)/ ", README, re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
    assert "Python 3.11, 3.12 or 3.13" in README
    assert 'requires-python = ">=3.11,<3.14"' in (ROOT / "pyproject.toml").read_text()


def alike(shown: Any, real: Any, path: str = "") -> None:
    """That what is shown has the names and types of what is real (lists: as far as shown)."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), path
        assert shown.keys() == real.keys(), path
        for name in shown:
            alike(shown[name], real[name], f"{path}.{name}")
    elif isinstance(shown, list):
        assert isinstance(real, list), path
        for one, other in zip(shown[:1], real[:1], strict=False):
            alike(one, other, path)
    elif shown is not None and real is not None:
        assert isinstance(real, (int, float)) == isinstance(shown, (int, float)), path


@pytest.mark.anyio
async def test_its_request_gets_an_answer_like_the_one_it_shows(tiny: Path) -> None:
    settings = Settings(model=tiny, device="cpu", dtype="float32")
    app = create_app(Service(settings, load_engine))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client,
    ):
        response = await client.post("/v1/analyze", json=request(), timeout=60)
        routes = (await client.get("/openapi.json")).json()["paths"]
    assert response.status_code == 200
    (shown,) = map(json.loads, blocks("json"))
    alike(shown, response.json())
    text = request()["text"]
    quotes = [e for label in (shown["topic"], *shown["stance"]) for e in label["evidence"]]
    for quote in quotes:
        assert text[quote["start"] : quote["end"]] == quote["text"]
    assert len(shown["summary"]["text"].split()) == shown["summary"]["words"]
    for method, path in re.findall(r"`(GET|POST|DELETE) (/[\w/{}]+)`", README):
        assert method.lower() in routes[path], path


@pytest.mark.anyio
async def test_its_job_is_done(tiny: Path, tmp_path: Path) -> None:
    _, upload, show, fetch, *_ = of("curl")
    name = upload[upload.index("-F") + 1].removeprefix("file=@")
    archive = b"id,body\n1,The tram is back.\n2,Nobody wants the tram.\n"
    app = create_app(Service(Settings(model=tiny, device="cpu", data=tmp_path), load_engine))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, timeout=60) as client,
    ):
        added = await client.post(upload[-1], files={"file": (name, archive)})
        job = added.json()["id"]
        while (await client.get(show[-1].replace("JOB", job))).json()["finished"] is None:
            await asyncio.sleep(0.05)
        results = await client.get(fetch[-1].replace("JOB", job))
    path = tmp_path / fetch[fetch.index("-o") + 1]
    path.write_bytes(results.content)
    assert pq.read_table(path).column("id").to_pylist() == ["1", "2"]


@pytest.mark.anyio
async def test_its_correction_is_taken(tiny: Path, tmp_path: Path) -> None:
    *_, correct, queue = of("curl")
    settings = Settings(model=tiny, device="cpu", data=tmp_path, keep_texts=True)
    app = create_app(Service(settings, load_engine))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, timeout=60) as client,
    ):
        address = next(word for word in correct if word.startswith("http"))
        taken = await client.post(address, json=json.loads(correct[-1]))
        assert taken.status_code == 201, taken.text
        assert (await client.get(queue[-1])).status_code == 200


def test_no_file_names_this_machine_or_a_registry() -> None:
    files = ("README.md", "Makefile", "Dockerfile", "docker-compose.yml", "constraints.txt")
    flows = (".ci/run", ".ci/with-postgres", ".github/workflows/ci.yml")
    for name in (*files, *flows, ".github/workflows/newest.yml", "pyproject.toml"):
        text = (ROOT / name).read_text("utf-8")
        assert not re.search(r"/work/|/root/|/opt/pypi|\bpypi\.|index-url", text), name


def test_the_container_has_no_rights_and_reports_its_health() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    (service,) = compose["services"].values()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert any(mount.startswith("/tmp") for mount in service["tmpfs"])
    assert "${NUTGRAF_KEY:?" in service["environment"]["NUTGRAF_API_KEYS"]
    health = service["healthcheck"]["test"]
    assert health[0] == "CMD"
    assert "/readyz" in health[-1]
    compile(health[-1], "healthcheck", "exec")
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    user = re.findall(r"^USER (\S+)$", dockerfile, re.MULTILINE)
    assert user
    assert user[-1] not in ("0", "root")
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE)
    for name in " ".join(copied).split():
        assert f"!{name}" in (ROOT / ".dockerignore").read_text().splitlines()
        assert (ROOT / name).exists()


def test_the_containers_key_is_one_that_the_settings_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    entry = compose["services"]["nutgraf"]["environment"]["NUTGRAF_API_KEYS"]
    monkeypatch.setenv("NUTGRAF_API_KEYS", re.sub(r"\$\{.*\}", "a" * 64, entry))
    monkeypatch.setenv("NUTGRAF_HOST", "0.0.0.0")
    settings = Settings()
    assert len(settings.api_keys) == 1
    assert not settings.is_exposed


def test_ci_runs_the_same_two_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert "set -euo pipefail" in script
    commands = re.findall(r"^(.*\b)make (\w+)$", script, re.MULTILINE)
    assert commands == [("", "check"), (".ci/with-postgres ", "test")]


@pytest.mark.skipif(not glob("/usr/lib/postgresql/*/bin/initdb"), reason="no PostgreSQL")
@pytest.mark.parametrize("starts", [True, False])
def test_ci_gives_its_tests_a_database_where_it_can(tmp_path: Path, starts: bool) -> None:
    """It is gone with the command, whose exit status is CI's."""
    script = 'printf %s "${NUTGRAF_TEST_POSTGRES_URL-}"; exit 7'
    too_long = tmp_path / ("d" * 100)  # for a socket's path
    too_long.mkdir()
    mine = {k: v for k, v in os.environ.items() if k != "NUTGRAF_TEST_POSTGRES_URL"}
    done = subprocess.run(
        [ROOT / ".ci" / "with-postgres", "bash", "-c", script],
        capture_output=True,
        text=True,
        env={**mine, "TMPDIR": "/tmp" if starts else str(too_long)},
        check=False,
    )
    assert done.returncode == 7
    assert bool(done.stdout) is starts
    assert ("SKIPPED: all tests on PostgreSQL" in done.stderr) is not starts
    assert not list(too_long.iterdir())
    assert not starts or not Path(done.stdout.partition("host=")[2]).exists()
