"""A client that is no bottleneck: HTTP/1.1 over plain asyncio streams, connections kept alive."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice

HOST = "127.0.0.1"
MAX_CONNECTIONS = 256


class Target:
    """A route of a server on this machine, and the connections to it that are free."""

    def __init__(self, port: int, path: str) -> None:
        self.port = port
        self._head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes) -> float:
        """Seconds until the whole answer was there. Raises RuntimeError on another status."""
        began_s = time.perf_counter()
        await self.ask(body)
        return time.perf_counter() - began_s

    async def ask(self, body: bytes) -> bytes:
        """The answer. Raises RuntimeError on another status than 200."""
        reader, writer = self._kept() or await self._connect()
        writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = await reader.readuntil(b"\r\n\r\n")
        answer = await reader.readexactly(_length(head))
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"{head.splitlines()[0]!r}: {answer[:200]!r}")
        self._free.append((reader, writer))
        return answer

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A free connection that the server has not closed for having been idle."""
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(HOST, self.port, limit=2**22)

    def close(self) -> None:
        """Let go of the free connections."""
        for _, writer in self._free:
            writer.close()
        self._free.clear()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise RuntimeError("an answer without Content-Length")


def body_of(text: str) -> bytes:
    """The request for one article."""
    return json.dumps({"text": text}).encode()


async def saturate(target: Target, bodies: Sequence[bytes], clients: int) -> float:
    """Answers a second while `clients` at a time each wait for one."""
    left = iter(bodies)

    async def client() -> None:
        for body in left:
            await target.post(body)

    began_s = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return len(bodies) / (time.perf_counter() - began_s)


async def arrive(
    target: Target, bodies: Sequence[bytes], rate_per_s: float, count: int, seed: int = 1
) -> list[float]:
    """The latencies in seconds of requests that arrive at random, whatever is unanswered (Poisson).

    Counted from when a request was due, so that a client that falls behind hides nothing.
    """
    due_s = time.perf_counter()
    waiting = []
    for body, gap_s in zip(islice(cycle(bodies), count), gaps(rate_per_s, seed), strict=False):
        due_s += gap_s
        await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
        waiting.append(asyncio.ensure_future(_latency(target, body, due_s)))
    return list(await asyncio.gather(*waiting))


async def _latency(target: Target, body: bytes, due_s: float) -> float:
    await target.post(body)
    return time.perf_counter() - due_s


def gaps(rate_per_s: float, seed: int) -> Iterator[float]:
    """Seconds between arrivals, the same for the same seed."""
    chance = random.Random(seed)
    while True:
        yield chance.expovariate(rate_per_s)


async def stream(port: int, bodies: Sequence[bytes], until: asyncio.Event) -> int:
    """Keep one NDJSON bulk call going until told to stop, then leave; the answers that came."""
    reader, writer = await asyncio.open_connection(HOST, port, limit=2**22)
    writer.write(
        f"POST /v1/analyze/batch HTTP/1.1\r\nHost: {HOST}\r\n"
        "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    answers = 0

    async def receive() -> None:
        nonlocal answers
        while line := await reader.readline():
            answers += line.startswith(b'{"index"')

    tasks = [asyncio.ensure_future(receive()), asyncio.ensure_future(_send(writer, bodies))]
    await until.wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    writer.close()
    return answers


async def _send(writer: asyncio.StreamWriter, bodies: Sequence[bytes]) -> None:
    for body in cycle(bodies):
        line = body + b"\n"
        writer.write(b"%x\r\n%s\r\n" % (len(line), line))
        await writer.drain()


def percentile(latencies_s: Sequence[float], share: float) -> float:
    """The latency in milliseconds that `share` of all do not exceed."""
    ordered = sorted(latencies_s)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
