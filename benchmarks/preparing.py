"""Articles prepared a second, against the number of processes: what it takes to feed a model.

`python -m benchmarks.preparing --articles FILE` takes the numbers in turn, in rounds, and prints
medians, what a worker has of memory for itself, and how long it takes to start and to be replaced.
FILE is JSONL, CSV or Parquet with a column `text`.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.serving import read_texts
from models.article import Article, Options
from models.device import cores
from models.encoding.preparation import Preparer
from service.inference.preparation import PreparingPool
from service.settings import SHIPPED_MODEL

MIB = 2**20
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Round:
    """What one pool did: articles a second, seconds to the first article and to a new worker."""

    per_s: float
    first_s: float
    replaced_s: float
    worker_mib: float
    template_mib: float


def main(
    articles: Annotated[Path, typer.Option(help="JSONL, CSV or Parquet with a column text")],
    model: Annotated[Path, typer.Option(help="artifact directory")] = SHIPPED_MODEL,
    count: Annotated[int, typer.Option(help="articles")] = 1000,
    rounds: Annotated[int, typer.Option(help="rounds")] = 3,
) -> None:
    """Measure preparing with one process, with twice as many, and so on up to the cores."""
    config = json.loads((model / "config.json").read_text())
    window = config["encoder"]["max_position_embeddings"]
    preparer = Preparer((model / "tokenizer.json").read_text(), config["max_windows"], window)
    asked = [
        Article(text, options=Options(targets=("the government",)))
        for text in read_texts(articles, count)
    ]
    preparer.warm_up()
    alone = [in_this_process(preparer, asked) for _ in range(rounds)]
    typer.echo(f"in one thread, no process: {statistics.median(alone):.0f} articles/s")
    numbers = sorted({1, 2, *(2**power for power in range(8) if 2**power < cores()), cores()})
    found = {n: [in_processes(preparer, asked, n) for _ in range(rounds)] for n in numbers}
    for number, taken in found.items():
        rate, first, replaced, worker, template = (
            statistics.median(getattr(one, name) for one in taken)
            for name in ("per_s", "first_s", "replaced_s", "worker_mib", "template_mib")
        )
        typer.echo(
            f"{number} processes: {rate:.0f} articles/s ({rate / statistics.median(alone):.2f}), "
            f"first after {first:.2f} s, replaced in {1000 * replaced:.0f} ms, {worker:.0f} MiB of "
            f"its own a worker, {template:.0f} MiB shared"
        )


def in_this_process(preparer: Preparer, asked: Sequence[Article]) -> float:
    """Articles a second in one thread."""
    began_s = time.perf_counter()
    for article in asked:
        preparer(article)
    return len(asked) / (time.perf_counter() - began_s)


def in_processes(preparer: Preparer, asked: Sequence[Article], number: int) -> Round:
    """What a fresh pool of so many processes does."""
    began_s = time.perf_counter()
    with closing(PreparingPool(preparer, number, LIMIT_S)) as pool:
        for one in [pool.submit(asked[0]) for _ in range(number)]:
            one.result()
        first_s = time.perf_counter() - began_s
        began_s = time.perf_counter()
        for one in [pool.submit(article) for article in asked]:
            one.result()
        per_s = len(asked) / (time.perf_counter() - began_s)
        template, *workers = processes()
        worker_mib = statistics.median(private_mib(pid) for pid in workers)
        template_mib = resident_mib(template)
        began_s = time.perf_counter()
        for pid in workers:
            os.kill(pid, 9)
        for one in [pool.submit(asked[0]) for _ in range(2 * number)]:
            one.exception()
        replaced_s = (time.perf_counter() - began_s) / number
        return Round(per_s, first_s, replaced_s, worker_mib, template_mib)


def processes() -> list[int]:
    """The template of this process and its workers."""
    (template,) = children(os.getpid())
    return [template, *children(template)]


def children(pid: int) -> list[int]:
    """The processes that a process has started, from any of its threads."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def private_mib(pid: int) -> float:
    """What a process has of memory that it shares with no other."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_")) * 1024 / MIB


def resident_mib(pid: int) -> float:
    """The memory of a process, what it shares included."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024 / MIB


if __name__ == "__main__":
    typer.run(main)
