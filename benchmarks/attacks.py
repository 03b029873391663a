"""The service under the worst inputs that are known: who else notices, and does it stop when told?

`python -m benchmarks.attacks --articles FILE` starts the service, sends normal requests without and
then with clients that send attacks one after the other, and asks for /livez all the while. At the
end comes SIGTERM, under attack. FILE is JSONL, CSV or Parquet with a column `text`.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import typer

from benchmarks.load import HOST, body_of, percentile
from benchmarks.serving import read_texts
from service.settings import SHIPPED_MODEL

ROOT = Path(__file__).parents[1]
MIB = 2**20
LIVEZ_EVERY_S = 0.02
START_S = 300
NORMAL = "normal"
PARAGRAPH = "<p>The council voted on Monday to reopen the harbour bridge, said Ann Lee.</p>"


@dataclass(frozen=True, slots=True)
class Attack:
    """A request that costs more than it should."""

    name: str
    path: str
    media_type: str
    body: bytes


def attacks() -> list[Attack]:
    """The worst of each kind."""
    texts = {
        "digits": "1" * 32 + "zzz\n\n" + "The senate met. " * 20,
        "contact": "contact us " * 40_000 + "zzz",
        "share": "share 123456 " * 40_000 + "zzz",
        "published": "published: 10:00 " + "1" * 1_900_000 + "z.",
        "ad lines": "ad\n" * 500_000,
        "menu": "Home\nNews\nSport\nWeather\n" * 70_000,
        "letters": "a\n" * 650_000,
        "long": "The council voted on Monday to reopen the bridge. " * 38_000,
    }
    targets = [f"target number {n} of this list" for n in range(20)]
    pages = {
        "spans": f"<article>{PARAGRAPH * 5}<p>{'<span>word </span>' * 14_000}</p></article>",
        "headings": f"<article>{PARAGRAPH * 5}{'<h2>word</h2>' * 14_000}</article>",
        "json-ld": '<script type="application/ld+json">{' + '"author":x,' * 100_000 + "</script>",
        "doctype": "<!DOCTYPE html " + "/" * 1_000_000,
    }
    found = [Attack(name, *_json({"text": text})) for name, text in texts.items()]
    found.append(Attack("targets", *_json({"text": ".," * 950_000, "targets": targets})))
    found.append(Attack("long, targets", *_json({"text": texts["long"], "targets": targets})))
    found += [
        Attack(name, *_json({"html": f"<html><body>{p}{PARAGRAPH * 5}"}))
        for name, p in pages.items()
    ]
    found.append(Attack("commas", "/v1/analyze/batch", "application/x-ndjson", _commas()))
    found.append(Attack("parquet", "/v1/jobs", "application/vnd.apache.parquet", _bomb()))
    found.append(Attack("csv", "/v1/jobs", "text/csv", b"text\n" + b'"ad\n' * 400_000))
    return found


def _json(data: object) -> tuple[str, str, bytes]:
    return "/v1/analyze", "application/json", json.dumps(data, ensure_ascii=False).encode()


def _commas() -> bytes:
    return b"\n".join([b"[" + b"," * 990 + b"]"] * 1000)


def _bomb() -> bytes:
    """A few kilobytes that unfold to 256 MiB."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a" * 256 * MIB]}), sink, compression="zstd")
    return sink.getvalue()


@dataclass(slots=True)
class Seen:
    """How long answers took, in seconds, and their statuses."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def add(self, status: int, seconds: float) -> None:
        self.seconds.append(seconds)
        self.statuses[status] += 1

    def shown(self) -> str:
        """Median, 99th percentile and most, in milliseconds."""
        if not self.seconds:
            return "none"
        p50, p99, most = (f"{percentile(self.seconds, share):.0f}" for share in (0.5, 0.99, 1))
        statuses = ", ".join(f"{n} × {status}" for status, n in sorted(self.statuses.items()))
        return f"{statuses}: p50 {p50} ms, p99 {p99} ms, most {most} ms"


ByName = defaultdict[str, Seen]


async def ask(port: int, path: str, media_type: str = "", body: bytes | None = None) -> int:
    """The status of an answer; 0 where there was none."""
    try:
        reader, writer = await asyncio.open_connection(HOST, port, limit=2**24)
    except OSError:
        return 0
    try:
        method = "GET" if body is None else "POST"
        head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n"
        if body is not None:
            head += f"Content-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"\r\n" + (body or b""))
        answer = await reader.read()
        return int(answer[9:12]) if answer.startswith(b"HTTP/1.1 ") else 0
    except OSError:
        return 0
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def again(port: int, requests: Iterator[Attack], seen: ByName, pause_s: float = 0.0) -> None:
    """Sends one request after the other."""
    for one in requests:
        began_s = time.perf_counter()
        status = await ask(port, one.path, one.media_type, one.body)
        seen[one.name].add(status, time.perf_counter() - began_s)
        await asyncio.sleep(pause_s)


async def alive(port: int, seen: Seen) -> None:
    """Asks whether the process answers, all the time."""
    while True:
        began_s = time.perf_counter()
        status = await ask(port, "/livez")
        seen.add(status, time.perf_counter() - began_s)
        await asyncio.sleep(LIVEZ_EVERY_S)


async def phase(
    port: int, normal: Sequence[Attack], worst: Sequence[Attack], clients: int, seconds: float
) -> tuple[Seen, Seen, ByName]:
    """What normal requests, /livez and attacks saw for so long."""
    answers, lives, attacked = ByName(Seen), Seen(), ByName(Seen)
    tasks = [
        asyncio.ensure_future(again(port, cycle(normal), answers, 0.05)),
        asyncio.ensure_future(alive(port, lives)),
    ]
    for number in range(clients):
        turned = [*worst[number % len(worst) :], *worst[: number % len(worst)]]
        tasks.append(asyncio.ensure_future(again(port, cycle(turned), attacked)))
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return answers[NORMAL], lives, attacked


async def stopped_under_attack(
    process: subprocess.Popen[str], port: int, worst: Sequence[Attack], clients: int
) -> tuple[int, float]:
    """The exit status after SIGTERM, and how long that took."""
    seen = ByName(Seen)
    tasks = [
        asyncio.ensure_future(again(port, cycle([*worst[n:], *worst[:n]]), seen, 0.05))
        for n in range(clients)
    ]
    await asyncio.sleep(3)
    began_s = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    status = await asyncio.to_thread(process.wait, 120)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return status, time.perf_counter() - began_s


@contextmanager
def service(model: Path, log: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The service in a process of its own, with its log in a file."""
    with tempfile.TemporaryDirectory() as data, log.open("w") as written:
        command = [sys.executable, "-c", "from service.cli.main import main; main()", "serve"]
        command += ["--port", "0", "--data", data, "--model", str(model)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=written, text=True)
        try:
            yield process, port_of(process, log)
        finally:
            process.kill()
            process.wait()


def port_of(process: subprocess.Popen[str], log: Path) -> int:
    """The port that the log names, once the service listens."""
    end_s = time.monotonic() + START_S
    while time.monotonic() < end_s and process.poll() is None:
        if found := re.search(r"ready: http://[\d.]+:(\d+)", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start; see {log}")


def main(
    articles: Annotated[Path, typer.Option(help="JSONL, CSV or Parquet with a column text")],
    model: Annotated[Path, typer.Option(help="artifact directory")] = SHIPPED_MODEL,
    clients: Annotated[int, typer.Option(help="clients that attack")] = 8,
    seconds: Annotated[float, typer.Option(help="of each phase")] = 60.0,
    only: Annotated[list[str] | None, typer.Option(help="names of attacks")] = None,
    log: Annotated[Path, typer.Option(help="the service's log")] = Path("/tmp/attacks.log"),
) -> None:
    """Measure the service without and under attack."""
    normal = [
        Attack(NORMAL, "/v1/analyze", "application/json", body_of(text))
        for text in read_texts(articles, 40)
    ]
    worst = [attack for attack in attacks() if not only or attack.name in only]
    with service(model, log) as (process, port):
        asyncio.run(phase(port, normal, (), 0, 5))
        calm, calm_lives, _ = asyncio.run(phase(port, normal, (), 0, seconds / 2))
        hard, lives, attacked = asyncio.run(phase(port, normal, worst, clients, seconds))
        rest, _, _ = asyncio.run(phase(port, normal, (), 0, 5))
        typer.echo(f"normal, alone: {calm.shown()}\n/livez, alone: {calm_lives.shown()}")
        typer.echo(f"normal, under attack: {hard.shown()}\n/livez, under attack: {lives.shown()}")
        typer.echo(f"normal, afterwards: {rest.shown()}")
        for name, seen in attacked.items():
            typer.echo(f"  {name}: {seen.shown()}")
        ratio = percentile(hard.seconds, 0.99) / percentile(calm.seconds, 0.99)
        typer.echo(f"p99 under attack over p99 alone: {ratio:.2f}")
        status, took_s = asyncio.run(stopped_under_attack(process, port, worst, clients))
        typer.echo(f"SIGTERM under attack: exit {status} after {took_s:.1f} s")


if __name__ == "__main__":
    typer.run(main)
