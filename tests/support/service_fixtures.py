"""Fixtures: a service on the stand-in model, in the event loop of the test or on a real port."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn

from service.api.app import create_app
from service.api.lifecycle import Service
from service.api.server import configure
from service.settings import Settings
from tests.support.stand_in_model import StandIn

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]
Listen = Callable[..., AbstractContextManager[int]]
POSTGRES = os.environ.get("NUTGRAF_TEST_POSTGRES_URL", "")


def ndjson(articles: Iterable[Any]) -> dict[str, Any]:
    """`client.post(path, **ndjson(articles))`: the articles as lines."""
    lines = b"".join(json.dumps(article).encode() + b"\n" for article in articles)
    return {"content": lines, "headers": {"content-type": "application/x-ndjson"}}


def settings_of(**given: Any) -> Settings:
    """Settings from text, as variables and flags give them."""
    return Settings(**given)


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without any job."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'jobs.db'}"
    if not POSTGRES:
        pytest.skip("NUTGRAF_TEST_POSTGRES_URL is not set; .ci/with-postgres sets it")
    engine = sa.create_engine(POSTGRES)
    with engine.begin() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.execute(sa.text(f"DROP TABLE IF EXISTS {table} CASCADE"))
    engine.dispose()
    return POSTGRES


@pytest.fixture
def stored(database_url: str, tmp_path: Path) -> dict[str, Any]:
    """The settings for jobs."""
    return {"data": tmp_path / "data", "job_lease_s": 1.0, "database_url": database_url}


@pytest.fixture
def model() -> StandIn:
    return StandIn()


@pytest.fixture
def serve(model: StandIn) -> Serve:
    """`async with serve(max_queue_items=3) as client`: the service under these settings."""

    @asynccontextmanager
    async def running(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
        service = Service(Settings(**{"allowed_hosts": ("test",), **settings}), lambda _: model)
        app = create_app(service)
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            yield client

    return running


class Server(uvicorn.Server):
    """Sets an event when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.listening.set()


@pytest.fixture
def listen(model: StandIn) -> Listen:
    """`with listen(max_queue_items=3) as port`: the service on a port of this machine."""

    @contextmanager
    def listening(**given: Any) -> Iterator[int]:
        settings = Settings(port=0, **given)
        service = Service(settings, lambda _: model)
        server = Server(configure(create_app(service), settings))
        thread = threading.Thread(target=server.run)
        thread.start()
        assert server.listening.wait(60)
        try:
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            model.gate.set()
            server.should_exit = True
            thread.join(60)

    return listening
