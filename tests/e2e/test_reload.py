"""The model is swapped under load, or not at all."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
import torch
from fastapi import FastAPI
from safetensors.torch import load_file, save_file

from models.errors import ArtifactAltered, ArtifactUnfit
from service.api.app import create_app
from service.api.lifecycle import Service
from service.errors import ModelFailed
from service.inference.load import load_engine
from service.inference.model import Model
from service.settings import Settings
from tests.models.artifact.test_artifact import DEEP, sign
from tests.service.api.routes.test_analyze import assert_problem
from tests.support.service_fixtures import settings_of
from tests.support.stand_in_model import Failing, Info, StandIn

pytestmark = pytest.mark.anyio

ADMIN = {"x-api-key": "staple-correct-horse"}


class Shelf:
    """What is loaded each time: models, or errors."""

    def __init__(self, *loads: StandIn | Exception) -> None:
        self._loads = list(loads)

    def load(self, settings: Settings) -> StandIn:
        loaded = self._loads.pop(0)
        if isinstance(loaded, Exception):
            raise loaded
        return loaded


@asynccontextmanager
async def serving(*loads: StandIn | Exception) -> AsyncIterator[httpx.AsyncClient]:
    settings = settings_of(admin_keys=f"boss:{ADMIN['x-api-key']}", allowed_hosts="test")
    async with called(create_app(Service(settings, Shelf(*loads).load))) as client:
        yield client


@asynccontextmanager
async def called(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", headers=ADMIN) as client,
    ):
        yield client


async def analyze(client: httpx.AsyncClient) -> Any:
    return await client.post("/v1/analyze", json={"text": "Rain fell."})


async def test_a_reload_under_load_fails_no_request() -> None:
    first, second = StandIn(Info(name="first")), StandIn(Info(name="second"))
    async with serving(first, second) as client:
        before = [asyncio.ensure_future(analyze(client)) for _ in range(50)]
        reloaded = await client.post("/v1/model/reload")
        after = [await analyze(client) for _ in range(5)]
        answers = [*await asyncio.gather(*before), *after]
    assert reloaded.json()["name"] == "second"
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["model"]["name"] for answer in after} == {"second"}
    assert second.warm_ups == 1, "warmed up before it answered"


def nan_weights(directory: Path) -> None:
    weights = load_file(directory / "weights.safetensors")
    weights["topic.out.bias"][0] = math.nan
    save_file(weights, directory / "weights.safetensors")


def large_weights(directory: Path) -> None:
    """Each of them is a number, but no score that comes of them is one."""
    weights = load_file(directory / "weights.safetensors")
    weights = {
        name: torch.full(tensor.shape, 1e38) if name.startswith("topic.") else tensor
        for name, tensor in weights.items()
    }
    save_file(weights, directory / "weights.safetensors")


def in_config(directory: Path, **changes: object) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def temperature_0(directory: Path) -> None:
    path = directory / "config.json"
    config = json.loads(path.read_text())
    config["tasks"]["topic"]["calibration"]["temperature"] = 0
    path.write_text(json.dumps(config))


def replaced(directory: Path, name: str, make: Callable[[Path], object]) -> None:
    (directory / name).unlink()
    make(directory / name)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(nan_weights, id="weights that are no numbers"),
        pytest.param(large_weights, id="scores that are no numbers"),
        pytest.param(temperature_0, id="temperature 0"),
        pytest.param(partial(in_config, max_windows=0), id="0 windows"),
        pytest.param(partial(in_config, max_windows=-1), id="-1 windows"),
        pytest.param(
            lambda d: (d / "metrics.json").write_bytes(DEEP),
            id="deep metrics",
        ),
    ],
)
async def test_a_model_that_does_not_answer_never_serves(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    damage(tmp_path / "model")
    sign(tmp_path / "model")
    await refused(tmp_path / "model")


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(
            lambda d: (d / "manifest.json").write_bytes(DEEP),
            id="a deep manifest",
        ),
        pytest.param(partial(replaced, name="config.json", make=os.mkfifo), id="a pipe"),
        pytest.param(partial(replaced, name="manifest.json", make=os.mkfifo), id="a pipe first"),
        pytest.param(
            partial(replaced, name="README.md", make=lambda p: p.symlink_to(__file__)), id="a link"
        ),
    ],
)
async def test_a_directory_that_is_no_artifact_is_refused_without_waiting(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    damage(tmp_path / "model")
    await refused(tmp_path / "model")


@pytest.fixture(autouse=True)
def model_directory(tiny: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny, tmp_path / "model")


async def refused(directory: Path) -> None:
    """Loads it for the second time; the first model goes on."""
    settings = settings_of(
        admin_keys=f"boss:{ADMIN['x-api-key']}", allowed_hosts="test", model=directory
    )
    loads: Iterator[Callable[[Settings], Model]] = iter(
        [lambda _: StandIn(Info(name="old")), load_engine]
    )
    app = create_app(Service(settings, lambda s: next(loads)(s)))
    async with called(app) as client:
        answer = await client.post("/v1/model/reload")
        assert_problem(answer, 422, "artifact-refused")
        assert str(directory) not in answer.text
        assert "\\n" not in answer.json()["detail"]
        assert (await analyze(client)).json()["model"]["name"] == "old"
        assert (await client.get("/readyz")).status_code == 200


@pytest.mark.parametrize("bad", ["artifact", "first answer", "first pass"])
async def test_a_bad_model_leaves_the_old_one_answering(bad: str) -> None:
    broken = StandIn()
    unfit: dict[str, Exception] = {"first answer": ArtifactUnfit("it does not answer; train it")}
    broken.warm_up_errors = [unfit.get(bad, RuntimeError("no such instruction"))]
    load = ArtifactAltered("weights are not the ones saved; copy the artifact again")
    async with serving(StandIn(Info(name="old")), load if bad == "artifact" else broken) as client:
        refused = await client.post("/v1/model/reload")
        answer = await analyze(client)
        ready = await client.get("/readyz")
    assert_problem(refused, 500 if bad == "first pass" else 422)
    assert answer.json()["model"]["name"] == "old"
    assert ready.status_code == 200


def test_a_model_that_does_not_answer_never_starts(tmp_path: Path) -> None:
    large_weights(tmp_path / "model")
    sign(tmp_path / "model")
    with pytest.raises(ArtifactUnfit, match="no numbers") as refusal:
        Service(settings_of(model=tmp_path / "model"), load_engine)
    assert len(str(refusal.value).splitlines()) == 1
    with pytest.raises(ModelFailed, match="no kernel is there") as failed:
        Service(settings_of(), lambda _: Failing(0))
    assert len(str(failed.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["../../etc", "/tmp/other", "pickle.bin"])
async def test_no_request_says_what_is_loaded(name: str) -> None:
    async with serving(StandIn()) as client:
        assert_problem(await client.post("/v1/model/reload", json={"model": name}), 422)
        assert (await analyze(client)).status_code == 200


class Slow(StandIn):
    """Takes its time over the first forward pass: until `gate` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()

    def warm_up(self) -> None:
        self.entered.set()
        self.gate.wait()


async def test_one_reload_at_a_time() -> None:
    slow = Slow()
    slow.gate.clear()
    async with serving(StandIn(), slow) as client:
        first = asyncio.ensure_future(client.post("/v1/model/reload"))
        await asyncio.to_thread(slow.entered.wait)
        second = await client.post("/v1/model/reload")
        slow.gate.set()
        assert (await first).status_code == 200
    assert_problem(second, 409, "reload-running")
