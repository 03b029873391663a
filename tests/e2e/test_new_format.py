"""A new format is one module and its registration: nothing else has to be changed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.archive.formats import FORMATS
from service.archive.join import gather
from service.archive.report import write
from service.cli import main as cli
from service.inference import load
from tests.support import runs, tsv
from tests.support.paths import ROOT
from tests.support.replicas import ended
from tests.support.service_fixtures import Serve
from tests.support.stand_in_model import StandIn

LINES = "a\tone text\nb\ttwo texts\nno tab\nc\tthree texts\nd\tfour texts\ne\tfive texts\n"
SUMMARIES = ["one", "two", "three", "four", "five"]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    tsv.register()
    yield
    del FORMATS["tsv"]


@pytest.fixture
def archive_file(tmp_path: Path) -> Path:
    path = tmp_path / "in.tsv"
    path.write_text(LINES)
    return path


def test_it_is_read_written_joined_and_reported(tmp_path: Path, archive_file: Path) -> None:
    asked = runs.request(archive_file, output=tmp_path / "out", format=FORMATS["tsv"])
    assert len(runs.score(asked).parts) == 2
    assert sorted(path.suffix for path in (tmp_path / "out/scores").iterdir()) == [".tsv"] * 2
    gather(asked, tmp_path / "whole.tsv")
    whole = FORMATS["tsv"].decode((tmp_path / "whole.tsv").read_bytes(), ["summary"])
    assert [summary for (summary,) in whole] == SUMMARIES
    assert [one["reason"] for one in runs.rejected(asked)] == ["there is no tab in the line"]
    write(asked.output, tmp_path / "report.html")
    assert "weather" in (tmp_path / "report.html").read_text()


def test_the_command_takes_it(
    tmp_path: Path, tiny: Path, archive_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "load_engine", lambda _: StandIn())
    output = tmp_path / "out"
    command = ["score", str(archive_file), "--output", str(output), "--model", str(tiny)]
    result = CliRunner().invoke(cli.app, [*command, "--format", "tsv"])
    assert result.exit_code == 3, result.output
    assert (output / "scores/part-00000.tsv").exists()


@pytest.mark.anyio
@pytest.mark.parametrize("is_form", [False, True])
async def test_an_upload_of_it_is_scored(tmp_path: Path, serve: Serve, is_form: bool) -> None:
    kind = "text/tab-separated-values"
    async with serve(data=tmp_path) as client:
        added = await client.post(
            "/v1/jobs?format=tsv",
            **({"files": {"file": ("desk.TSV", LINES.encode())}} if is_form else {}),  # type: ignore[arg-type]
            **({} if is_form else {"content": LINES.encode(), "headers": {"Content-Type": kind}}),  # type: ignore[arg-type]
        )
        job = added.json()["id"]
        await ended(client, job)
        results = await client.get(f"/v1/jobs/{job}/results")
    assert results.headers["content-type"].startswith(kind)
    found = FORMATS["tsv"].decode(results.content, ["summary"])
    assert [summary for (summary,) in found] == SUMMARIES


PROGRAM = """
import json
from tests.support import tsv
tsv.register()
from service.api.app import create_app
from service.api.lifecycle import Service
from service.cli.main import app
from service.settings import Settings
from tests.support.stand_in_model import StandIn
from typer.testing import CliRunner
help = CliRunner().invoke(app, ["score", "--help"]).stdout
print(json.dumps([create_app(Service(Settings(), lambda _: StandIn())).openapi(), help]))
"""


def test_the_openapi_document_and_the_help_name_it() -> None:
    run = [sys.executable, "-c", PROGRAM]
    found = subprocess.run(run, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    document, help_text = json.loads(found)
    jobs = document["paths"]["/v1/jobs"]["post"]
    (query,) = (one for one in jobs["parameters"] if one["name"] == "format")
    assert query["schema"]["enum"] == ["jsonl", "csv", "parquet", "tsv"]
    kind = "text/tab-separated-values"
    assert kind in jobs["requestBody"]["content"]
    results = document["paths"]["/v1/jobs/{job}/results"]["get"]
    assert kind in results["responses"]["200"]["content"]
    assert "tsv" in help_text
