"""An article that would be prepared without end harms nobody: over HTTP, in bulk, in a job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from service.inference import preparation
from tests.support.running import Serve
from tests.support.standin import StandIn

LIMITS = {"prepare_processes": 2}
WAIT_S = 60

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "CPU_S", 0.3)


async def analyze(client: httpx.AsyncClient, text: str) -> httpx.Response:
    return await client.post("/v1/analyze", json={"text": text})


async def test_it_is_refused_with_its_reason_and_others_are_answered(serve: Serve) -> None:
    async with serve(**LIMITS) as client:
        stuck = [asyncio.create_task(analyze(client, "spin")) for _ in range(4)]
        others = [analyze(client, f"word {n}") for n in range(8)]
        assert (await client.get("/livez")).status_code == 200
        assert [answer.status_code for answer in await asyncio.gather(*others)] == [200] * 8
        for answer in await asyncio.gather(*stuck):
            problem = answer.json()
            assert answer.status_code == 422
            assert problem["type"] == "urn:nutgraf:problem:preparation-failed"
            assert "0.3 s of processor time" in problem["detail"]


async def test_in_bulk_it_alone_has_a_problem(serve: Serve) -> None:
    texts = ["word", "spin", "other", "spin more", "last"]
    async with serve(**LIMITS) as client:
        body = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        headers = {"content-type": "application/x-ndjson"}
        answer = await client.post("/v1/analyze/batch", content=body, headers=headers)
    lines = {line["index"]: line for line in map(json.loads, answer.text.splitlines())}
    assert {n for n, line in lines.items() if "problem" in line} == {1, 3}


async def test_the_work_of_a_client_that_left_ends(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "CPU_S", 600)
    async with serve(prepare_processes=1) as client:
        stuck = asyncio.create_task(analyze(client, "spin"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stuck, 0.5)
        answer = await asyncio.wait_for(analyze(client, "word"), WAIT_S)
        assert answer.status_code == 200


async def test_past_its_deadline_its_preparing_ends(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "CPU_S", 600)
    async with serve(prepare_processes=1) as client:
        headers = {"X-Request-Timeout-Ms": "200"}
        answer = await client.post("/v1/analyze", json={"text": "spin"}, headers=headers)
        assert answer.status_code == 504
        answer = await asyncio.wait_for(analyze(client, "word"), WAIT_S)
        assert answer.status_code == 200


async def test_in_a_job_its_row_is_rejected_and_the_job_is_done(
    serve: Serve, stored: Mapping[str, Any]
) -> None:
    texts = ["word", "spin", "other"]
    body = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    headers = {"content-type": "application/x-ndjson"}
    async with serve(**LIMITS, **stored) as client:
        job = (await client.post("/v1/jobs", content=body, headers=headers)).json()["id"]
        async with asyncio.timeout(WAIT_S):
            while (await client.get(f"/v1/jobs/{job}")).json()["state"] != "done":
                await asyncio.sleep(0.05)
        rejected = (await client.get(f"/v1/jobs/{job}/rejected")).text
        results = (await client.get(f"/v1/jobs/{job}/results")).text
    assert [json.loads(line)["line"] for line in rejected.splitlines()] == [2]
    assert "processor time" in rejected
    assert len(results.splitlines()) == 2


async def test_the_new_model_prepares_after_a_reload(serve: Serve, model: StandIn) -> None:
    async with serve(**LIMITS, admin_keys="boss:0123456789abcdef") as client:
        client.headers["X-API-Key"] = "0123456789abcdef"
        before = asyncio.create_task(analyze(client, "spin"))
        assert (await client.post("/v1/model/reload")).status_code == 200
        assert (await analyze(client, "word")).status_code == 200
        assert (await before).status_code == 422
