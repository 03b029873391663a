"""What is promoted in a registry serves in every replica, under load, without a failed request."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest

from models.artifact.manifest import digest
from models.errors import ArtifactUnfit
from service.api import following
from service.api.app import create_app
from service.api.lifecycle import Service
from service.current import artifact_of
from service.promotion.registry import Author, Registry
from service.settings import Settings
from tests.e2e.test_reload import called
from tests.service.api.test_following import digest_in, promote
from tests.support.replicas import STAND_IN, TOO_LONG_S, replica
from tests.support.service_fixtures import settings_of
from tests.support.stand_in_model import Info, StandIn

pytestmark = pytest.mark.anyio

ARTICLE = {"text": "Rain fell on the harbour."}
AT_ONCE = 8
LATEST = 4 * AT_ONCE


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "registry")
    promote(registry, "1")
    return registry


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the registry as often as it can."""
    monkeypatch.setattr(following, "LOOK_S", 0.001)
    monkeypatch.setattr(following, "RETRY_S", (0.0,))


def load(settings: Settings) -> StandIn:
    return StandIn(Info(digest=digest(artifact_of(settings.model))))


class Load:
    """Requests to a service, several at once, until one is told to end."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.statuses: set[int] = set()
        self.digests: list[str] = []
        self._ended = False
        self._running = [asyncio.ensure_future(self._ask()) for _ in range(AT_ONCE)]

    async def _ask(self) -> None:
        while not self._ended:
            answer = await self.client.post("/v1/analyze", json=ARTICLE)
            self.statuses.add(answer.status_code)
            self.digests.append(answer.json()["model"]["digest"])

    async def follows(self, wanted: str) -> None:
        """Waits until the service, which may have several workers, answers with one version, and
        says so."""
        while set(self.digests[-LATEST:]) != {wanted}:
            assert not any(task.done() for task in self._running)
            await asyncio.sleep(0)
        while (await self.client.get("/v1/model")).json()["digest"] != wanted:
            await asyncio.sleep(0)

    async def end(self) -> None:
        self._ended = True
        await asyncio.gather(*self._running)


async def all_follow(loads: Sequence[Load], wanted: str) -> None:
    async with asyncio.timeout(TOO_LONG_S):
        await asyncio.gather(*(each.follows(wanted) for each in loads))


async def changed_under_load(registry: Registry, clients: Sequence[httpx.AsyncClient]) -> None:
    """Promotes, and goes back. Every replica follows, and answers everything meanwhile."""
    loads = [Load(client) for client in clients]
    first = digest_in(registry)
    await all_follow(loads, first)
    second = await asyncio.to_thread(promote, registry, "2")
    await all_follow(loads, second)
    await asyncio.to_thread(registry.rollback, Author("ann"))
    await all_follow(loads, first)
    for each in loads:
        await each.end()
        assert each.statuses == {200}
        assert set(each.digests) == {first, second}


@pytest.mark.usefixtures("quick")
async def test_replicas_follow_under_load(registry: Registry) -> None:
    settings = settings_of(model=registry.directory, allowed_hosts="test")
    apps = [create_app(Service(settings, load)) for _ in range(2)]
    async with called(apps[0]) as one, called(apps[1]) as other:
        await changed_under_load(registry, [one, other])


async def test_processes_follow_under_load(registry: Registry) -> None:
    flags = {"model": registry.directory}
    async with replica(STAND_IN, **flags) as one, replica(STAND_IN, **flags, workers=2) as other:
        await changed_under_load(registry, [one.client, other.client])


@pytest.mark.usefixtures("quick")
async def test_a_version_that_does_not_answer_is_tried_again(registry: Registry) -> None:
    broken = StandIn()
    broken.warm_up_errors = [ArtifactUnfit("it does not answer; train it")]
    loads = [broken]

    def loading(settings: Settings) -> StandIn:
        is_second = digest(artifact_of(settings.model)) != first
        return loads.pop() if is_second and loads else load(settings)

    settings = settings_of(model=registry.directory, allowed_hosts="test")
    first = digest_in(registry)
    async with called(create_app(Service(settings, loading))) as client:
        load_ = Load(client)
        await all_follow([load_], first)
        second = await asyncio.to_thread(promote, registry, "2")
        await all_follow([load_], second)
        await load_.end()
    assert not loads, "the broken one was tried"
    assert load_.statuses == {200}
    assert set(load_.digests) == {first, second}
