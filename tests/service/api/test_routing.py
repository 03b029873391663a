"""A route is one file: the package finds it, and the OpenAPI document describes it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from service.api import routes, routing
from service.api.routing import ref, schemas
from service.errors import FieldError
from tests.support.running import Serve

ROUTE = """
from fastapi import APIRouter

router = APIRouter()


@router.get("/v1/toys")
async def toys() -> list[str]:
    return ["top"]
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One more module in the package of the routes."""
    (tmp_path / "toy.py").write_text(ROUTE)
    monkeypatch.setattr(routes, "__path__", [*routes.__path__, str(tmp_path)])
    yield
    sys.modules.pop(f"{routes.__name__}.toy", None)


@pytest.mark.usefixtures("toy")
def test_a_new_module_is_served() -> None:
    app = FastAPI()
    for router in routes.routers():
        app.include_router(router)
    assert TestClient(app).get("/v1/toys").json() == ["top"]


@pytest.mark.anyio
async def test_each_resource_has_its_module(serve: Serve) -> None:
    async with serve() as client:
        document = (await client.get("/openapi.json")).json()
    assert {path.split("/")[-1] for path in document["paths"]} >= {
        "analyze", "batch", "labels", "model", "reload", "livez", "readyz", "jobs",
    }  # fmt: skip
    described = document["components"]["schemas"]
    assert {"AnalyzeRequest", "BulkAnswer", "BulkProblem", "Problem"} <= set(described)


def test_a_type_that_is_referred_to_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "_referred", {})
    assert ref(FieldError) == {"$ref": "#/components/schemas/FieldError"}
    assert schemas() == {"FieldError": TypeAdapter(FieldError).json_schema()}
