"""The service side by side with its own engine and with LitServe, in one run.

`python -m benchmarks.serving --articles FILE --cache DIR` prints a table and ends with one JSON
line. FILE is JSONL, CSV or Parquet with a column `text`. LitServe is installed into DIR, over the
packages that are here, and is given the best of several batch settings. Each server is a process of
its own, and the load comes from this one; while one is measured the other is stopped, for a server
that waits may poll. They are measured in turn, several rounds, so that a noisy machine is noisy for
all; the ratios are medians of the rounds' own.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.archive import engine_rate
from benchmarks.load import HOST, Target, arrive, body_of, percentile, saturate, stream
from service.settings import SHIPPED_MODEL, Settings

ROOT = Path(__file__).parents[1]
LITSERVE = "litserve==0.2.19"
# The peer's settings that are tried: items of a batch, seconds to wait for them, and workers, which
# share the cores.
PEER_SETTINGS = ((8, 0.01, 1), (32, 0.05, 1), (8, 0.01, 2), (32, 0.05, 2))
CLIENTS = 128
INTERACTIVE_LOAD = 0.2
START_S = 300


@dataclass(frozen=True, slots=True)
class EngineRun:
    """What the engine does by itself: articles prepared and analysed, one after the other."""

    articles_per_s: float
    digest: str
    device: str
    dtype: str


def main(
    articles: Annotated[Path, typer.Option(help="JSONL, CSV or Parquet with a column text")],
    cache: Annotated[Path, typer.Option(help="directory for LitServe's environment")],
    model: Annotated[Path, typer.Option(help="artifact directory")] = SHIPPED_MODEL,
    count: Annotated[int, typer.Option(help="articles")] = 240,
    requests: Annotated[int, typer.Option(help="requests of each latency run")] = 120,
    rounds: Annotated[int, typer.Option(help="rounds")] = 3,
) -> None:
    """Measure throughput and latency side by side."""
    texts = read_texts(articles, count)
    bodies = [body_of(text) for text in texts]
    python = peer_environment(cache)
    setting = best_setting(python, model, bodies[: count // 2])
    found: list[dict[str, float]] = []
    with our_server(model) as ours, peer_server(python, model, *setting) as peer:
        asyncio.run(warm(ours, peer, bodies[: count // 4]))
        for _ in range(rounds):
            with stopped(ours, peer):
                engine = engine_run(model, texts)
            figures = asyncio.run(measure(ours, peer, bodies, requests))
            found.append({"engine_per_s": engine.articles_per_s} | figures)
            typer.echo(json.dumps(found[-1]), err=True)
    report(found, engine, len(texts), setting)


def read_texts(file: Path, count: int) -> list[str]:
    """The first articles of a file."""
    from datasets import load_dataset

    kind = {".jsonl": "json", ".csv": "csv", ".parquet": "parquet"}[file.suffix]
    rows = load_dataset(kind, data_files=str(file), split="train")
    return [row["text"] for row in rows.select(range(min(count, len(rows))))]


def engine_run(model: Path, texts: Sequence[str]) -> EngineRun:
    """What the engine does in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(run_engine, model, texts).result()


def run_engine(model: Path, texts: Sequence[str]) -> EngineRun:
    """The engine's rate in batches of similar length."""
    from models.article import Article
    from models.engine import Engine

    budget_tokens = Settings().max_batch_tokens
    engine = Engine.load(model, max_batch_tokens=budget_tokens)
    engine.warm_up()
    rate = engine_rate(engine, [Article(text) for text in texts], budget_tokens)
    return EngineRun(rate, engine.info.digest, engine.info.device, engine.info.dtype)


def best_setting(python: Path, model: Path, bodies: Sequence[bytes]) -> tuple[int, float, int]:
    """The setting under which LitServe answers most articles a second."""
    rates: dict[tuple[int, float, int], float] = {}
    for setting in PEER_SETTINGS:
        with peer_server(python, model, *setting) as peer:
            rates[setting] = asyncio.run(warm_rate(peer, bodies))
        typer.echo(f"litserve {setting}: {rates[setting]:.1f} articles/s", err=True)
    return max(rates, key=lambda setting: rates[setting])


async def warm_rate(server: Server, bodies: Sequence[bytes]) -> float:
    """Throughput, once warm."""
    with server.target() as target:
        await saturate(target, bodies[: len(bodies) // 4], CLIENTS)
        return await saturate(target, bodies, CLIENTS)


async def warm(ours: Server, peer: Server, bodies: Sequence[bytes]) -> None:
    """What a first load costs is not measured."""
    for server in (ours, peer):
        with server.target() as target:
            await saturate(target, bodies, CLIENTS)


async def measure(
    ours: Server, peer: Server, bodies: Sequence[bytes], requests: int
) -> dict[str, float]:
    """A round: throughput, latency at 70 % of ours, and a little load without and with bulk."""
    with stopped(peer), ours.target() as target:
        rate = await saturate(target, bodies, CLIENTS)
    with stopped(ours), peer.target() as target:
        peer_rate = await saturate(target, bodies, CLIENTS)
        peer_steady = await arrive(target, bodies, 0.7 * rate, requests)
    with stopped(peer), ours.target() as target:
        steady = await arrive(target, bodies, 0.7 * rate, requests)
        calm = await arrive(target, bodies, INTERACTIVE_LOAD * rate, requests // 2)
        stop = asyncio.Event()
        bulk = asyncio.ensure_future(stream(ours.port, bodies, stop))
        began_s = time.perf_counter()
        busy = await arrive(target, bodies, INTERACTIVE_LOAD * rate, requests // 2)
        bulk_s = time.perf_counter() - began_s
        stop.set()
        answers = await bulk
    return {
        "http_per_s": rate,
        "litserve_per_s": peer_rate,
        "p50_ms": percentile(steady, 0.5),
        "p99_ms": percentile(steady, 0.99),
        "litserve_p50_ms": percentile(peer_steady, 0.5),
        "litserve_p99_ms": percentile(peer_steady, 0.99),
        "interactive_p99_ms": percentile(calm, 0.99),
        "interactive_p99_with_bulk_ms": percentile(busy, 0.99),
        "bulk_per_s": answers / bulk_s,
    }


@dataclass(frozen=True, slots=True)
class Server:
    """A server on this machine: its port, the route that is asked, and its process group."""

    port: int
    path: str
    group: int

    def target(self) -> closing[Target]:
        """Connections to it that are closed at the end: it may be stopped then."""
        return closing(Target(self.port, self.path))


@contextmanager
def stopped(*servers: Server) -> Iterator[None]:
    """Servers that take no time while something else is measured."""
    for server in servers:
        os.killpg(server.group, signal.SIGSTOP)
    try:
        yield
    finally:
        for server in servers:
            os.killpg(server.group, signal.SIGCONT)


@contextmanager
def our_server(model: Path) -> Iterator[Server]:
    """`nutgraf serve` on a free port, with room for what is sent to it."""
    settings = {"NUTGRAF_REQUEST_TIMEOUT_MS": "600000", "NUTGRAF_MAX_QUEUE_ITEMS": "1024"}
    command = [sys.executable, "-c", "from service.cli.main import main; main()", "serve"]
    command += ["--port", "0", "--model", str(model)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"ready: http://[^ ]*:(\d+)", line):
            break
    else:
        raise typer.Exit(process.wait())
    draining = subprocess.Popen(["cat"], stdin=process.stderr, stdout=subprocess.DEVNULL)
    try:
        yield Server(int(found[1]), "/v1/analyze", process.pid)
    finally:
        process.terminate()
        process.wait()
        draining.wait()


@contextmanager
def peer_server(
    python: Path, model: Path, max_items: int, timeout_s: float, workers: int
) -> Iterator[Server]:
    """LitServe on a free port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    script = [str(ROOT / "benchmarks" / "peer.py"), str(model), str(port)]
    command = [str(python), *script, str(max_items), str(timeout_s), str(workers)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for_port(port, process)
        yield Server(port, "/predict", process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a server answers 200 on /health."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s and process.poll() is None:
        try:
            with socket.create_connection((HOST, port), timeout=5) as probe:
                probe.sendall(b"GET /health HTTP/1.0\r\n\r\n")
                if b" 200 " in probe.recv(100):
                    return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError("LitServe did not start")


def peer_environment(cache: Path) -> Path:
    """The Python of an environment with LitServe on top of the packages that are here."""
    directory = cache.absolute() / LITSERVE.replace("==", "-")
    python = directory / "bin" / "python"
    if not python.exists():
        venv.create(directory, with_pip=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        paths = directory / "lib" / version / "site-packages" / "here.pth"
        paths.write_text(sysconfig.get_path("purelib") + "\n")
        install = [str(python), "-m", "pip", "install", "--quiet", LITSERVE]
        subprocess.run(install, check=True)
    return python


def report(
    rounds: Sequence[dict[str, float]],
    engine: EngineRun,
    count: int,
    setting: tuple[int, float, int],
) -> None:
    """The table, and the JSON line."""

    def median(name: str) -> float:
        return round(statistics.median(one[name] for one in rounds), 3)

    def ratio(over: str, under: str) -> float:
        return round(statistics.median(one[over] / one[under] for one in rounds), 3)

    figures = {
        "http_over_engine": ratio("http_per_s", "engine_per_s"),
        "over_litserve": ratio("http_per_s", "litserve_per_s"),
        "p99_over_litserve": ratio("p99_ms", "litserve_p99_ms"),
        "interactive_p99_under_bulk": ratio("interactive_p99_with_bulk_ms", "interactive_p99_ms"),
    } | {name: median(name) for name in rounds[0]}
    for name, figure in figures.items():
        typer.echo(f"{name:<32}{figure:10.2f}")
    described = {
        "rounds": len(rounds),
        "articles": count,
        "litserve_setting": setting,
        "machine": machine(),
        "device": engine.device,
        "dtype": engine.dtype,
        "digest": engine.digest,
    }
    typer.echo(json.dumps(figures | described))


def machine() -> str:
    """The processor and how many of its cores this process may use."""
    names = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores"


if __name__ == "__main__":
    typer.run(main)
