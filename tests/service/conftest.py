"""A running service on a stand-in model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from service.app import create_app
from service.lifecycle import Service
from service.settings import Settings
from tests.service.standin import StandIn

Serve = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


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
