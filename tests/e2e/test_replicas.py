"""Services that share their jobs: each is run by one of them, a dead one's by another."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.support import runs
from tests.support.replicas import STAND_IN, ended, replica, scores, shards, until

TEXTS = [f"text {n % 4000} weather" for n in range(5000)]
BATCHES = 10  # of which the 1,000 articles that occur twice are 4, and the first shards the rest

pytestmark = pytest.mark.anyio


@pytest.fixture
def shared(tmp_path: Path, stored: dict[str, Any]) -> dict[str, Any]:
    """The settings of replicas of one service."""
    model = tmp_path / "model"
    model.write_text("live")
    return {"model": model, **stored}


@pytest.fixture
def gate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file; the models of replicas that are started now read as many batches as it says."""
    path = tmp_path / "gate"
    monkeypatch.setenv("STAND_IN_GATE", str(path))
    return path


def archive(tmp_path: Path) -> tuple[bytes, bytes]:
    """An archive, and its scores as a run without any service gives them."""
    path = runs.write_jsonl(tmp_path / "input.jsonl", TEXTS)
    asked = runs.request(path, output=tmp_path / "out", input_name="input.jsonl", shard_rows=1024)
    runs.score(asked)
    return path.read_bytes(), scores(asked.output)


async def test_a_killed_services_job_is_finished_by_the_next(
    tmp_path: Path, shared: dict[str, Any], gate: Path
) -> None:
    content, expected = archive(tmp_path)
    gate.write_text(str(BATCHES))
    async with replica(STAND_IN, **shared) as first:
        job = await first.add(content)
        output = shared["data"] / "jobs" / job / "out"
        await until(lambda: shards(output) > 1)
        first.kill()
    gate.write_text("")
    async with replica(STAND_IN, **shared) as second:
        assert (await ended(second.client, job))["state"] == "done"
        results = await second.client.get(f"/v1/jobs/{job}/results")
    assert results.content == expected


async def test_a_dead_replicas_job_is_taken_over_by_one_that_lives(
    tmp_path: Path, shared: dict[str, Any], gate: Path
) -> None:
    content, expected = archive(tmp_path)
    gate.write_text(str(BATCHES))
    async with replica(STAND_IN, **shared) as dies:
        job = await dies.add(content)
        output = shared["data"] / "jobs" / job / "out"
        await until(lambda: shards(output) > 1)
        del os.environ["STAND_IN_GATE"]
        async with replica(STAND_IN, **shared) as lives:
            other = await lives.add(content)
            assert (await ended(lives.client, other))["state"] == "done"
            assert (await lives.job(job))["state"] == "running", "it is the other's"
            dies.kill()
            assert (await ended(lives.client, job))["state"] == "done"
            results = await lives.client.get(f"/v1/jobs/{job}/results")
    assert results.content == expected


async def test_replicas_share_the_queue_and_no_job(
    tmp_path: Path, shared: dict[str, Any], gate: Path
) -> None:
    content, expected = archive(tmp_path)
    async with replica(STAND_IN, **shared) as one, replica(STAND_IN, **shared) as other:
        jobs = [await one.add(content) for _ in range(3)]
        states: list[str] = []
        while sorted(states) != ["queued", "running", "running"]:  # each has one in hand
            states = [(await other.job(job))["state"] for job in jobs]
        gate.touch()
        found = [await ended(service.client, job) for service in (one, other) for job in jobs]
        for job in jobs:
            results = await other.client.get(f"/v1/jobs/{job}/results")
            assert results.content == expected
    assert {job["state"] for job in found} == {"done"}
