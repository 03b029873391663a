"""The page of the documentation."""

from __future__ import annotations

import pytest

from tests.service.api.routes.test_analyze import assert_problem
from tests.support.running import Serve

pytestmark = pytest.mark.anyio


async def test_docs_load_nothing_from_elsewhere(serve: Serve) -> None:
    async with serve() as client:
        page = await client.get("/docs")
        script = await client.get("/docs/swagger-ui-bundle.js")
        start = await client.get("/docs/start.js")
        missing = await client.get("/docs/secret.js")
    assert "//" not in page.text.replace("<!--", "")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert script.status_code == 200
    assert "openapi.json" in start.text
    assert_problem(missing, 404)
