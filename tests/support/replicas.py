"""Services in separate processes, which a test can kill. Several may share their jobs."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.paths import ROOT

NDJSON = {"Content-Type": "application/x-ndjson"}
STAND_IN = (sys.executable, "-m", "tests.support.cli_with_stand_in")
TOO_LONG_S = 300
REAL = (sys.executable, "-c", "from service.cli.main import main; main()")


class Replica:
    """A running service."""

    def __init__(self, process: subprocess.Popen[bytes], client: httpx.AsyncClient) -> None:
        self.client = client
        self._process = process

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    async def add(self, content: bytes, query: str = "") -> str:
        """A new job."""
        added = await self.client.post(f"/v1/jobs{query}", content=content, headers=NDJSON)
        assert added.status_code == 202, added.text
        return str(added.json()["id"])

    async def job(self, job: str) -> Any:
        return (await self.client.get(f"/v1/jobs/{job}")).json()


@asynccontextmanager
async def replica(program: tuple[str, ...], **settings: Any) -> AsyncIterator[Replica]:
    """`async with replica(STAND_IN, data=...) as service`: killed at the end."""
    number = free_port()
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    process = subprocess.Popen([*program, "serve", f"--port={number}", *flags], cwd=ROOT)
    try:
        url = f"http://127.0.0.1:{number}"
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            while not await answers(client):
                assert process.poll() is None
                await asyncio.sleep(0.05)
            yield Replica(process, client)
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


async def ended(client: httpx.AsyncClient, job: str) -> Any:
    """Waits until the job has ended. Returns it."""
    async with asyncio.timeout(TOO_LONG_S):
        while (found := (await client.get(f"/v1/jobs/{job}")).json())["finished"] is None:
            await asyncio.sleep(0.01)
    return found


def shards(output: Path) -> int:
    """How many shards of a run are finished."""
    manifest = output / "manifest.jsonl"
    return max(0, manifest.read_bytes().count(b"\n") - 1) if manifest.exists() else 0


async def until(condition: Callable[[], bool]) -> None:
    """Waits until the condition is true."""
    async with asyncio.timeout(TOO_LONG_S):
        while not condition():
            await asyncio.sleep(0.001)


def scores(output: Path) -> bytes:
    """All scores of a run, joined."""
    return b"".join(part.read_bytes() for part in sorted((output / "scores").iterdir()))
