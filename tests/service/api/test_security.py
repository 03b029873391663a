"""Every route is closed without a key, but for liveness."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

from service.api.app import create_app
from service.api.lifecycle import Service
from service.api.security import OPEN_PATHS, check_host
from service.errors import ForbiddenHost
from service.settings import Settings
from tests.service.api.routes.test_analyze import assert_problem
from tests.support.service_fixtures import Serve
from tests.support.stand_in_model import StandIn

pytestmark = pytest.mark.anyio

SECRET, ADMIN = "correct-horse-battery", "staple-correct-horse"
KEYS: dict[str, Any] = {"api_keys": f"desk:{SECRET}", "admin_keys": f"boss:{ADMIN}"}


def routes() -> list[tuple[str, str]]:
    """Every method and path that the application has, those without a schema too."""
    app = create_app(Service(Settings(), lambda _: StandIn()))
    return [
        (method, route.path)
        for route in all_routes(app)
        for method in sorted(set(route.methods) - {"HEAD"})
    ]


def all_routes(app: FastAPI) -> list[Any]:
    found: list[Any] = []
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        found += inner.routes if inner is not None else [route]
    return found


def test_the_walk_sees_the_routes() -> None:
    assert {"/v1/analyze", "/v1/analyze/batch", "/metrics", "/docs", "/openapi.json"} <= {
        path for _, path in routes()
    }


@pytest.mark.parametrize(("method", "path"), routes())
async def test_every_route_but_liveness_needs_a_key(serve: Serve, method: str, path: str) -> None:
    async with serve(**KEYS) as client:
        refused = [
            await client.request(method, path),
            await client.request(method, path, headers={"authorization": f"Bearer {SECRET}x"}),
            await client.request(method, path, headers={"authorization": f"Basic {SECRET}"}),
            await client.request(method, path, headers={"x-api-key": ""}),
        ]
        opened = await client.request(method, path, headers={"authorization": f"Bearer {SECRET}"})
    assert opened.status_code != 401
    for response in refused:
        if path in OPEN_PATHS:
            assert response.status_code == 200
        else:
            assert_problem(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"


async def test_a_key_may_come_in_either_header(serve: Serve) -> None:
    async with serve(**KEYS) as client:
        bearer = await client.get("/v1/labels", headers={"Authorization": f"bearer {SECRET}"})
        header = await client.get("/v1/labels", headers={"X-API-Key": ADMIN})
    assert bearer.status_code == header.status_code == 200


async def test_paths_that_do_not_exist_are_closed_too(serve: Serve) -> None:
    async with serve(**KEYS) as client:
        for path in ("/nowhere", "/livez/", "//livez", "/LIVEZ"):
            assert_problem(await client.get(path), 401)


@pytest.mark.parametrize("headers", [{}, {"authorization": f"Bearer {SECRET}"}])
async def test_only_an_admin_reloads(serve: Serve, headers: dict[str, str]) -> None:
    async with serve(**KEYS) as client:
        response = await client.post("/v1/model/reload", headers=headers)
    assert_problem(response, 403 if headers else 401)


async def test_without_admin_keys_nobody_reloads(serve: Serve) -> None:
    async with serve() as client:
        assert_problem(await client.post("/v1/model/reload"), 403, "forbidden")


@pytest.mark.parametrize(
    "host", ["a", "a.b", "a:80", "127.0.0.1:8000", "[::1]", "[::1]:8000", "a.b.", "A-1.b_c"]
)
def test_a_well_formed_host_is_answered(host: str) -> None:
    check_host([host], ())


@pytest.mark.parametrize(
    "hosts", [[], ["a", "b"], [""], ["a b"], ["a/b"], ["a:b"], ["a:99999"], ["-a"], ["a..b"], ["ü"]]
)
def test_a_malformed_host_is_not(hosts: list[str]) -> None:
    with pytest.raises(ForbiddenHost):
        check_host(hosts, ())


def test_only_allowed_hosts_are_answered() -> None:
    check_host(["News.Example:443"], ("news.example",))
    with pytest.raises(ForbiddenHost):
        check_host(["news.example.evil"], ("news.example",))
