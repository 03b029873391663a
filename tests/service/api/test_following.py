"""A follower reloads when another version is current, and goes on whatever happens."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.errors import ArtifactUnfit
from service.api import following
from service.api.following import Follower
from service.current import CURRENT
from service.promotion.registry import Author, Registry
from tests.support.artifacts import write_artifact

pytestmark = pytest.mark.anyio


class Service:
    """Answers with the version that it has loaded last. Loading raises each of `errors` first."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.digest = digest_in(registry)
        self.loads = 0
        self.errors: list[Exception] = []
        self.follower = Follower(registry.directory, lambda: self.digest, self.reload)

    async def reload(self) -> None:
        self.loads += 1
        if self.errors:
            raise self.errors.pop(0)
        self.digest = digest_in(self.registry)

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await self.follower.look()


def digest_in(registry: Registry) -> str:
    assert registry.current is not None
    return registry.current.digest


def promote(registry: Registry, version: str) -> str:
    """Promotes an artifact. Returns its digest."""
    source = registry.directory.parent / version
    digest = write_artifact(source, version)
    serving = registry.current
    registry.promote(registry.add(source), Author("ann"), serving.digest if serving else None)
    return digest


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    registry = Registry(tmp_path / "registry")
    promote(registry, "1")
    return registry


@pytest.fixture
def service(registry: Registry) -> Service:
    return Service(registry)


async def test_what_answers_is_not_loaded_again(service: Service) -> None:
    await service.look(3)
    os.utime(service.registry.directory / CURRENT)
    await service.look(3)
    assert service.loads == 0


async def test_a_promotion_and_a_rollback_are_followed(service: Service) -> None:
    first = service.digest
    await service.look()
    second = promote(service.registry, "2")
    await service.look(3)
    assert (service.digest, service.loads) == (second, 1)
    service.registry.rollback(Author("ann"))
    await service.look(3)
    assert (service.digest, service.loads) == (first, 2)


async def test_what_was_promoted_before_the_first_look_is_followed(service: Service) -> None:
    second = promote(service.registry, "2")
    await service.look()
    assert service.digest == second


async def test_a_failed_reload_is_tried_again_later_and_later(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "RETRY_S", (2.0, 4.0))
    promote(service.registry, "2")
    service.errors = [ArtifactUnfit("it does not answer")] * 3
    loads = []
    for _ in range(12):
        await service.look()
        loads.append(service.loads)
    assert loads == [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4]
    assert service.digest == digest_in(service.registry)


async def test_another_promotion_ends_the_wait(service: Service) -> None:
    promote(service.registry, "2")
    service.errors = [RuntimeError("no kernel is there")]
    await service.look()
    third = promote(service.registry, "3")
    await service.look()
    assert (service.digest, service.loads) == (third, 2)


async def test_a_file_that_is_damaged_or_gone_changes_nothing(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    path = service.registry.directory / CURRENT
    whole, first = path.read_bytes(), service.digest
    path.write_bytes(b"damaged")
    await service.look()
    path.unlink()
    await service.look()
    assert (service.digest, service.loads) == (first, 0)
    assert [record.message for record in caplog.records] == [
        "not reloaded; the old model goes on"
    ] * 2
    path.write_bytes(whole)
    second = promote(service.registry, "2")
    await service.look()
    assert service.digest == second
