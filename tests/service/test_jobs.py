from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from service.rows import Columns
from tests.service import runs
from tests.service.conftest import Serve
from tests.service.standin import StandIn

POSTGRES = os.environ.get("NUTGRAF_TEST_POSTGRES_URL", "")
NDJSON = {"Content-Type": "application/x-ndjson"}
TEXTS = [f"{word} in the news" for word in ("one", "two", "three", "two", "nan", "")]

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgres"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings that say where jobs are."""
    if request.param == "sqlite":
        return {"data": tmp_path / "data", "job_lease_s": 1.0}
    if not POSTGRES:
        pytest.skip("NUTGRAF_TEST_POSTGRES_URL is not set")
    engine = sa.create_engine(POSTGRES)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS nutgraf_job"))
    engine.dispose()
    return {"data": tmp_path / "data", "job_lease_s": 1.0, "database_url": POSTGRES}


def body(tmp_path: Path, texts: list[str] | None = None) -> bytes:
    return runs.write_jsonl(tmp_path / "input.jsonl", texts or TEXTS).read_bytes()


async def ended(client: httpx.AsyncClient, job: str) -> Any:
    while (found := (await client.get(f"/v1/jobs/{job}")).json())["finished"] is None:
        await asyncio.sleep(0.01)
    return found


async def test_a_job_gives_what_the_command_gives(
    tmp_path: Path, serve: Serve, stored: dict[str, Any]
) -> None:
    asked = runs.request(output=tmp_path / "out", columns=Columns())
    content = body(tmp_path)
    runs.score(runs.request(tmp_path / "input.jsonl", output=tmp_path / "out", bare_names=True))
    async with serve(**stored) as client:
        added = await client.post("/v1/jobs", content=content, headers=NDJSON)
        assert added.status_code == 202
        job = added.json()["id"]
        assert added.headers["location"] == f"/v1/jobs/{job}"
        found = await ended(client, job)
        assert found["state"] == "done"
        assert (found["progress"]["done"], found["progress"]["rejected"]) == (5, 1)
        results = await client.get(f"/v1/jobs/{job}/results")
        rejected = await client.get(f"/v1/jobs/{job}/rejected")
    parts = sorted((asked.output / "scores").iterdir())
    assert results.content == b"".join(part.read_bytes() for part in parts)
    assert rejected.content == (asked.output / "rejected.jsonl").read_bytes()


async def test_results_come_in_ranges(tmp_path: Path, serve: Serve, stored: dict[str, Any]) -> None:
    async with serve(**stored) as client:
        job = (await client.post("/v1/jobs", content=body(tmp_path), headers=NDJSON)).json()["id"]
        await ended(client, job)
        path = f"/v1/jobs/{job}/results"
        whole = (await client.get(path)).content
        some = await client.get(path, headers={"Range": "bytes=5-19"})
    assert some.status_code == 206
    assert some.content == whole[5:20]


async def test_a_job_goes_on_after_the_service_has_stopped(
    tmp_path: Path, model: StandIn, serve: Serve, stored: dict[str, Any]
) -> None:
    texts = [f"text {n}" for n in range(2500)]
    async with serve(**stored) as client:
        model.gate.clear()
        added = await client.post("/v1/jobs", content=body(tmp_path, texts), headers=NDJSON)
        job = added.json()["id"]
        while not model.batches:
            await asyncio.sleep(0.01)
        model.gate.set()
    read = sum(map(len, model.batches))
    async with serve(**stored) as client:
        found = await ended(client, job)
        lines = (await client.get(f"/v1/jobs/{job}/results")).text.splitlines()
    assert found["state"] == "done"
    assert len(lines) == 2500
    assert read < 2500


async def test_a_cancelled_job_stops_and_has_no_results(
    tmp_path: Path, model: StandIn, serve: Serve, stored: dict[str, Any]
) -> None:
    async with serve(**stored) as client:
        model.gate.clear()
        added = await client.post("/v1/jobs", content=body(tmp_path), headers=NDJSON)
        job = added.json()["id"]
        assert (await client.delete(f"/v1/jobs/{job}")).json()["state"] == "cancelled"
        results = await client.get(f"/v1/jobs/{job}/results")
        model.gate.set()
        other = await client.post("/v1/jobs", content=body(tmp_path), headers=NDJSON)
        assert (await ended(client, other.json()["id"]))["state"] == "done"
    assert results.status_code == 409
    assert results.json()["type"] == "urn:nutgraf:problem:job-unfinished"


async def test_jobs_are_listed_page_by_page(
    tmp_path: Path, serve: Serve, stored: dict[str, Any]
) -> None:
    async with serve(**stored) as client:
        added = [
            (await client.post("/v1/jobs", content=body(tmp_path), headers=NDJSON)).json()["id"]
            for _ in range(3)
        ]
        first = (await client.get("/v1/jobs?limit=2")).json()
        second = (await client.get(f"/v1/jobs?limit=2&after={first['after']}")).json()
    listed = [job["id"] for page in (first, second) for job in page["jobs"]]
    assert sorted(listed) == sorted(added)
    assert second["after"] is None


async def test_an_ended_job_expires_with_its_files(
    tmp_path: Path, serve: Serve, stored: dict[str, Any]
) -> None:
    async with serve(**stored, job_retention_s=0.5) as client:
        added = await client.post("/v1/jobs", content=body(tmp_path), headers=NDJSON)
        job = added.json()["id"]
        while (await client.get(f"/v1/jobs/{job}")).status_code != 404:
            await asyncio.sleep(0.01)
        while (tmp_path / "data" / "jobs" / job).exists():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("kind", "content"),
    [("text/csv", b"body\nweather today\n"), ("application/vnd.apache.parquet", b"no table")],
)
async def test_other_files_are_taken_and_their_faults_told(
    tmp_path: Path, serve: Serve, kind: str, content: bytes
) -> None:
    async with serve(data=tmp_path) as client:
        added = await client.post("/v1/jobs", content=content, headers={"Content-Type": kind})
        found = await ended(client, added.json()["id"])
    if kind == "text/csv":
        assert found["state"] == "failed"
        assert "no column 'text'" in found["error"]
    else:
        assert (found["state"], found["progress"]["rejected"]) == ("done", 1)


@pytest.mark.parametrize(
    ("path", "headers", "content", "status"),
    [
        ("/v1/jobs", {"Content-Type": "image/png"}, b"x", 415),
        ("/v1/jobs", NDJSON, b"", 422),
        ("/v1/jobs", NDJSON, b"x" * 2000, 413),
        ("/v1/jobs?tasks=topic,weather", NDJSON, b"x", 422),
        ("/v1/jobs?max_words=5", NDJSON, b"x", 422),
    ],
)
async def test_a_bad_job_is_refused_and_leaves_nothing(
    tmp_path: Path, serve: Serve, path: str, headers: dict[str, str], content: bytes, status: int
) -> None:
    async with serve(data=tmp_path, max_job_bytes=1024) as client:
        assert (await client.post(path, content=content, headers=headers)).status_code == status
        assert (await client.get("/v1/jobs")).json() == {"jobs": [], "after": None}
        assert not list((tmp_path / "jobs").iterdir())


async def test_jobs_are_seen_by_the_key_that_sent_them(tmp_path: Path, serve: Serve) -> None:
    ann, bob = ({"X-API-Key": f"secret-of-{name}-0123456789"} for name in ("ann", "bob"))
    keys = ",".join(f"{name}:secret-of-{name}-0123456789" for name in ("ann", "bob"))
    async with serve(data=tmp_path, api_keys=keys) as client:
        added = await client.post("/v1/jobs", content=body(tmp_path), headers={**NDJSON, **ann})
        path = f"/v1/jobs/{added.json()['id']}"
        assert (await client.get(path, headers=ann)).status_code == 200
        for method in ("GET", "DELETE"):
            assert (await client.request(method, path, headers=bob)).status_code == 404
        assert (await client.get("/v1/jobs", headers=bob)).json()["jobs"] == []
        assert (await client.get("/v1/jobs")).status_code == 401


async def test_without_a_place_for_them_no_jobs_are_taken(serve: Serve) -> None:
    async with serve() as client:
        answer = await client.get("/v1/jobs")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:nutgraf:problem:jobs-off"


@asynccontextmanager
async def live(
    tmp_path: Path, stored: dict[str, Any]
) -> AsyncIterator[tuple[subprocess.Popen[bytes], httpx.AsyncClient]]:
    """A service in a process of its own."""
    model = tmp_path / "model"
    model.write_text("live")
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in stored.items()]
    command = [sys.executable, "-m", "tests.service.live", "serve", f"--model={model}", *flags]
    number = free_port()
    process = subprocess.Popen([*command, f"--port={number}"])
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{number}", timeout=60) as client:
            while not await answers(client):
                assert process.poll() is None
                await asyncio.sleep(0.05)
            yield process, client
    finally:
        process.kill()
        process.wait()


async def answers(client: httpx.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_a_killed_services_job_is_finished_by_the_next(
    tmp_path: Path, stored: dict[str, Any]
) -> None:
    texts = [f"text {n % 4000} weather" for n in range(5000)]
    content = body(tmp_path, texts)
    out = tmp_path / "out"
    runs.score(runs.request(tmp_path / "input.jsonl", output=out, bare_names=True, shard_rows=1024))
    async with live(tmp_path, stored) as (process, client):
        added = await client.post("/v1/jobs", content=content, headers=NDJSON)
        job = added.json()["id"]
        manifest = stored["data"] / "jobs" / job / "out" / "manifest.jsonl"
        while not manifest.exists() or manifest.read_bytes().count(b"\n") < 3:
            await asyncio.sleep(0.001)
        process.kill()
        process.wait()
        assert manifest.read_bytes().count(b"\n") < 6
    async with live(tmp_path, stored) as (_, client):
        assert (await ended(client, job))["state"] == "done"
        results = (await client.get(f"/v1/jobs/{job}/results")).content
    assert results == b"".join(p.read_bytes() for p in sorted((out / "scores").iterdir()))
