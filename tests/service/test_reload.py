"""The model is swapped under load, or not at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from models.errors import ArtifactAltered
from service.app import create_app
from service.lifecycle import Service
from service.settings import Settings
from tests.service.conftest import settings_of
from tests.service.standin import Info, StandIn
from tests.service.test_routes import assert_problem

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
    app = create_app(Service(settings, Shelf(*loads).load))
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


@pytest.mark.parametrize("bad", ["artifact", "first pass"])
async def test_a_bad_model_leaves_the_old_one_answering(bad: str) -> None:
    broken = StandIn()
    broken.warm_up_errors = [RuntimeError("no such instruction")]
    load = ArtifactAltered("weights are not the ones saved; copy the artifact again")
    async with serving(StandIn(Info(name="old")), load if bad == "artifact" else broken) as client:
        refused = await client.post("/v1/model/reload")
        answer = await analyze(client)
        ready = await client.get("/readyz")
    assert_problem(refused, 422 if bad == "artifact" else 500)
    assert answer.json()["model"]["name"] == "old"
    assert ready.status_code == 200


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
