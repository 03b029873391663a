"""A fourth task is a fourth folder: it is served, scored and measured with no change elsewhere."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from models import registry
from models.artifact.artifact import Artifact, load, save
from models.engine import Engine
from models.network.reader import Reader
from models.tasks.build import build
from service.api.app import create_app
from service.api.lifecycle import Service
from service.cli.main import app as nutgraf
from service.inference.load import load_engine
from service.settings import Settings
from tests.e2e.fourth_task.model import ToySection
from tests.e2e.fourth_task.task import TOY
from tests.support.articles import SAMPLES
from tests.support.training_run import in_role
from training.config import Config
from training.data.roles import Role
from training.evaluation.report import evaluate
from training.tiny import spread

LABELS = {"loud", "calm"}
NDJSON = "application/x-ndjson"
TASKS = ("topic", "stance", "summary", "subject", "form", "toy")


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    registry.register(TOY)
    yield
    registry.unregister("toy")


@pytest.fixture
def model(tiny_artifact: Artifact, tmp_path: Path) -> Path:
    """The tiny artifact with a head of the task."""
    tasks = {**tiny_artifact.tasks, "toy": ToySection()}
    torch.manual_seed(0)
    readers = {
        tier: Reader(reader["body"], reader["labels"])
        for tier, reader in tiny_artifact.readers.items()
    }
    network = build(tiny_artifact.network.shape, tasks, readers)
    network.load_state_dict(tiny_artifact.network.state_dict(), strict=False)
    spread(network.head("toy"))
    save(replace(tiny_artifact, tasks=tasks, network=network), tmp_path / "model")
    return tmp_path / "model"


@asynccontextmanager
async def serving(model: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(model=model, device="cpu", dtype="float32")
    app = create_app(Service(settings, load_engine))
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client,
    ):
        yield client


def test_it_is_saved_and_loaded_with_its_section_and_its_head(model: Path) -> None:
    loaded = load(model)
    assert tuple(loaded.tasks) == TASKS
    assert loaded.tasks["toy"] == ToySection()


@pytest.mark.anyio
async def test_it_is_served(model: Path) -> None:
    body = {"text": SAMPLES[0].text}
    async with serving(model) as client:
        alone = await client.post("/v1/analyze", json={**body, "tasks": ["toy"]})
        whole = await client.post("/v1/analyze", json=body)
        lines = await client.post(
            "/v1/analyze/batch", content=json.dumps(body), headers={"Content-Type": NDJSON}
        )
        unknown = await client.post("/v1/analyze", json={**body, "tasks": ["game"]})
        labels = (await client.get("/v1/labels")).json()
        told = (await client.get("/v1/model")).json()
        schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
    found = alone.json()
    assert found["toy"]["label"] in LABELS
    assert (found["topic"], found["stance"], found["summary"]) == (None, None, None)
    assert whole.json()["toy"] == found["toy"]
    assert all(whole.json()[name] for name in TASKS)
    assert json.loads(lines.text)["answer"]["toy"] == found["toy"]
    assert unknown.status_code == 422
    assert "toy" in unknown.text
    assert {label["name"] for label in labels["toy"]} == LABELS
    assert told["tasks"] == list(TASKS)
    assert "toy" in schemas["Answer"]["properties"]
    assert "Loudness" in schemas
    assert "toy" in json.dumps(schemas["AnalyzeRequest"]["properties"]["tasks"])


@pytest.mark.anyio
async def test_a_model_without_it_says_so(tiny: Path) -> None:
    async with serving(tiny) as client:
        body = {"text": SAMPLES[0].text}
        refused = await client.post("/v1/analyze", json={**body, "tasks": ["toy"]})
        answered = await client.post("/v1/analyze", json=body)
    assert refused.status_code == 422
    assert "topic, stance, summary, subject, form" in refused.json()["detail"]
    assert answered.json()["toy"] is None


def test_an_archive_is_scored_with_it(model: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"text": sample.text}) + "\n" for sample in SAMPLES[:3]))
    for name, asked in (("all", []), ("alone", ["--tasks", "toy", "--full"])):
        output = ["--output", str(tmp_path / name), "--model", str(model)]
        result = CliRunner().invoke(nutgraf, ["score", str(rows), *output, *asked])
        assert result.exit_code == 0, result.output
    whole, alone = (
        pq.read_table(tmp_path / name / "scores" / "part-00000.parquet").to_pylist()
        for name in ("all", "alone")
    )
    assert {row["toy"] for row in whole} <= LABELS
    assert [row["toy"] for row in alone] == [row["toy"] for row in whole]
    assert all(row["toy_probability"] >= 0.5 and row["topic"] is None for row in alone)
    assert all(json.loads(row["analysis"])["toy"]["label"] == row["toy"] for row in alone)


def test_it_is_measured_on_labelled_texts(model: Path, tmp_path: Path) -> None:
    rows = [{"text": in_role(s.text, Role.REPORT), "loudness": "loud"} for s in SAMPLES]
    (tmp_path / "news.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    source = {"path": str(tmp_path / "news.jsonl")}
    other = {"path": str(tmp_path / "other.jsonl")}
    stage = {"name": "one", "trains": "encoder", "data": [other]}
    config = Config.model_validate({"stages": [stage], "measured": [source]})
    engine = Engine.load(model, device="cpu", dtype="float32")
    (figures,) = evaluate(engine, config).values()
    assert figures.keys() == {"toy"}
    assert figures["toy"]["texts"] == len(SAMPLES)
    assert 0 <= figures["toy"]["accuracy"] <= 1


def test_a_name_or_a_column_is_taken_once_only() -> None:
    with pytest.raises(ValueError, match="already"):
        registry.register(TOY)
    with pytest.raises(ValueError, match="already"):
        registry.register(replace(TOY, name="other"))
