"""The routes of the model."""

from __future__ import annotations

import pytest

from tests.support.service_fixtures import Serve

pytestmark = pytest.mark.anyio


async def test_labels_and_model_are_shown(serve: Serve) -> None:
    async with serve(max_queue_items=7) as client:
        labels = (await client.get("/v1/labels")).json()
        model = (await client.get("/v1/model")).json()
    assert [label["name"] for label in labels["topic"]] == ["weather", "sport"]
    assert [label["name"] for label in labels["overall"]] == ["favor", "against", "neutral"]
    assert model["name"] == "stand-in"
    assert model["readers"] == ["full", "fast"]
    assert model["settings"]["reader"] is None
    assert model["settings"]["max_queue_items"] == 7
    assert not {"api_keys", "admin_keys", "model"} & set(model["settings"])
