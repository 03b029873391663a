"""The whole path: labelled files are fitted, saved, loaded, served, and an article is posted."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from models.artifact.artifact import load
from service.api.app import create_app
from service.api.lifecycle import Service
from service.inference.load import load_engine
from service.settings import Settings
from tests.support.articles import SPORT
from training.__main__ import app as training
from training.fitting.start import labels

pytestmark = pytest.mark.anyio


@pytest.fixture
def artifact(run_file: Path, tmp_path: Path) -> Path:
    """What two steps of training leave."""
    places = ["--output", str(tmp_path / "fitted"), "--checkpoints", str(tmp_path / "checkpoints")]
    result = CliRunner().invoke(training, ["fit", str(run_file), *places, "--max-steps", "2"])
    assert result.exit_code == 0, result.output
    return tmp_path / "fitted"


async def test_from_labelled_files_to_an_answer(artifact: Path) -> None:
    settings = Settings(model=artifact, device="cpu", dtype="float32")
    app = create_app(Service(settings, load_engine))
    transport = httpx.ASGITransport(app)
    body = {"text": SPORT.text, "title": SPORT.title, "targets": ["the coach", "Chidi Okafor"]}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client,
    ):
        ready = await client.get("/readyz")
        answer = (await client.post("/v1/analyze", json=body)).json()
        told = (await client.get("/v1/labels")).json()
    assert ready.status_code == 200
    assert answer["model"] == {
        "name": "trial", "version": "0.1.0", "digest": load(artifact).digest,
    }  # fmt: skip
    schema = labels(None)
    assert {label["name"] for label in told["topic"]} == set(schema.topic_names)
    assert {score["label"] for score in answer["topic"]["scores"]} == set(schema.topic_names)
    assert [stance["target"] for stance in answer["stance"]] == body["targets"]
    assert answer["reader"] == "fast"  # the run has no large one
    assert 0 <= answer["summary"]["words"] <= 60
    assert bool(answer["summary"]["words"]) == (answer["summary"]["withheld"] is None)
    assert answer["language"] == "en"
    assert answer["input"]["truncated"] is False
