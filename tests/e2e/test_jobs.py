"""A job on the real engine, in a real service that is killed: it ends as `nutgraf score` does."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.support.paths import ROOT
from tests.support.replicas import REAL, Replica, ended, replica, scores, shards, until

WORDS = ["council", "court", "school", "bank", "rain", "bridge", "strike", "opened", "won", "said"]
ENGINE = {"device": "cpu", "dtype": "float32"}
ROWS, SHARDS = 2600, 3

pytestmark = pytest.mark.anyio


def write(path: Path) -> bytes:
    """An archive of short made-up articles; some occur again, and some have no text."""
    chance = random.Random(5)
    lengths = [[chance.randint(2, 30) for _ in range(chance.randint(1, 3))] for _ in range(ROWS)]
    texts = [
        " ".join(f"The {' '.join(chance.choices(WORDS, k=words))}." for words in sentences)
        for sentences in lengths
    ]
    texts[7], texts[8], texts[2000] = texts[1500], " ", texts[1500]
    path.write_text("".join(f"{json.dumps({'id': n, 'text': t})}\n" for n, t in enumerate(texts)))
    return path.read_bytes()


def score(directory: Path, model: Path) -> Path:
    """What `nutgraf score` leaves of the archive."""
    asked = ["--format", "jsonl", "--full", "--style", "extractive", "--model", str(model)]
    engine = {f"NUTGRAF_{name.upper()}": value for name, value in ENGINE.items()}
    subprocess.run(
        [*REAL, "score", "input.jsonl", "--output", "out", *asked],
        cwd=directory,
        env={**os.environ, **engine, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
    )
    return directory / "out"


async def disturb(service: Replica) -> None:
    """Others' articles, as long as there is somebody to read them."""
    article = {"text": "Rain fell on the harbour.", "style": "extractive"}
    try:
        while True:
            answer = await service.client.post("/v1/analyze", json=article)
            assert answer.status_code == 200
            await asyncio.sleep(0.02)
    except httpx.TransportError:
        return


async def test_a_job_whose_service_is_killed_ends_as_the_command_does(
    tmp_path: Path, tiny: Path
) -> None:
    content = write(tmp_path / "input.jsonl")
    expected = score(tmp_path, tiny)
    settings = {"model": tiny, **ENGINE, "data": tmp_path / "data", "job_lease_s": 1.0}
    async with replica(REAL, **settings) as service:
        form = {"file": ("articles.jsonl", content)}
        added = await service.client.post("/v1/jobs?style=extractive&full=true", files=form)
        job = added.json()["id"]
        output = tmp_path / "data" / "jobs" / job / "out"
        others = asyncio.create_task(disturb(service))
        await until(lambda: shards(output) > 0)
        service.kill()
        await others
    assert 0 < shards(output) < SHARDS
    async with replica(REAL, **settings) as service:
        others = asyncio.create_task(disturb(service))
        found = await ended(service.client, job)
        others.cancel()
        results = await service.client.get(f"/v1/jobs/{job}/results")
        rejected = await service.client.get(f"/v1/jobs/{job}/rejected")
    assert (found["state"], found["progress"]["rejected"]) == ("done", 1)
    assert results.content.count(b"\n") == ROWS - 1
    assert results.content == scores(expected)
    assert rejected.content == (expected / "rejected.jsonl").read_bytes()
