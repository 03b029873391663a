"""A service is killed during a job on the real engine. The job ends as `nutgraf score` does."""

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
    """An archive of short made-up articles. Three rows of four are the same one; one has no text.

    A shard has 1,024 rows, so few rows make no three shards. An article that occurs again is
    analysed once, so most rows cost nothing.
    """
    chance = random.Random(5)
    texts = [article(chance) if n % 4 == 0 else "Rain fell on the bridge." for n in range(ROWS)]
    texts[7], texts[8], texts[2000] = texts[1500], " ", texts[1500]
    path.write_text("".join(f"{json.dumps({'id': n, 'text': t})}\n" for n, t in enumerate(texts)))
    return path.read_bytes()


def article(chance: random.Random) -> str:
    """One to three sentences of random words."""
    sentences = [
        chance.choices(WORDS, k=chance.randint(2, 30)) for _ in range(chance.randint(1, 3))
    ]
    return " ".join(f"The {' '.join(words)}." for words in sentences)


def score(directory: Path, model: Path) -> Path:
    """The output of `nutgraf score` for the archive."""
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
    """Sends other articles until the service is killed."""
    request = {"text": "Rain fell on the harbour.", "summary": {"style": "extractive"}}
    try:
        while True:
            answer = await service.client.post("/v1/analyze", json=request)
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
        form = {"file": ("input.jsonl", content)}
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
