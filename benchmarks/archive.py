"""Archives: what `nutgraf score` costs over the engine, in memory, after kills and when finished.

`python -m benchmarks.archive` measures, each in processes of its own, and ends with one JSON line:

    archive_over_engine   rate of a run over the engine's own on the same articles in memory
    ray_over_local        rate of a run on a Ray cluster of this machine, a worker a core and a
                          thread, over that of a run with the local engine, a thread a core
    memory_ratio          peak memory on many rows over that on few (stub)
    kills                 random kill -9 and resumes; digests must be equal (stub)
    resume_finished_s     cost of resuming a finished run of many rows, of few articles (stub)

Rates are articles over the seconds of scoring, as a run's closing report has them: from the moment
the model is loaded (on Ray: the first worker's) until the last shard is on disk. So Ray's ratio has
in it what workers wait for each other at both ends. Ratios are medians of the rounds' own.

A stub is an artifact of `python -m training tiny`; it answers fast and means nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import models

if TYPE_CHECKING:
    from models.article import Article
    from models.engine import Engine

SHIPPED = Path(models.__file__).parent / "nutgraf-mini"
SUBJECTS = ("council", "minister", "team", "court", "school", "bank", "museum", "railway")
OBJECTS = ("bridge", "budget", "strike", "match", "verdict", "exam", "merger", "exhibition")
SCORE = (sys.executable, "-c", "from service.cli.main import main; main()", "score")
LABELS = ("--style", "extractive")


def texts(count: int, seed: int = 0) -> Iterator[str]:
    """Made-up articles of a few sentences."""
    chance = random.Random(seed)
    for number in range(count):
        yield " ".join(
            f"The {chance.choice(SUBJECTS)} spoke of the {chance.choice(OBJECTS)} on day {number}."
            for _ in range(chance.randint(2, 12))
        )


def write(path: Path, count: int, distinct: int | None = None) -> Path:
    """An archive of so many rows, of so many made-up articles (None: each row another)."""
    lines = (f"{json.dumps({'text': text})}\n" for text in texts(distinct or count))
    with path.open("w") as file:
        file.writelines(islice(cycle(lines), count))
    return path


def command(source: Path, output: Path, model: Path, *more: str) -> list[str]:
    """A run that asks for labels and extractive summaries."""
    return [*SCORE, str(source), "--output", str(output), "--model", str(model), *LABELS, *more]


def run(source: Path, output: Path, model: Path, *more: str) -> tuple[float, float]:
    """Seconds and peak memory in MiB of a run to its end."""
    begin = time.perf_counter()
    process = subprocess.Popen(command(source, output, model, *more), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 3):
        raise SystemExit(f"a run ended with {process.returncode}")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def digest(output: Path) -> str:
    """Of all rows and rejections of a run."""
    whole = hashlib.sha256()
    for path in (*sorted((output / "scores").iterdir()), output / "rejected.jsonl"):
        whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


def rates(source: Path, rows: int, model: Path, work: Path, workers: int) -> dict[str, float]:
    """What is compared, measured in turn, so that a noisy machine is noisy for all."""
    local = rate(source, rows, model, work / "local")
    on_ray = ("--engine", "ray", "--workers", str(workers))
    ray = rate(source, rows, model, work / "ray", *on_ray)
    alone = rate_in_memory(source, rows, model)
    typer.echo(f"articles/s: run {local:.1f}, on Ray {ray:.1f}, engine {alone:.1f}", err=True)
    return {"archive_over_engine": local / alone, "ray_over_local": ray / local}


def rate(source: Path, rows: int, model: Path, output: Path, *more: str) -> float:
    """Articles a second of a run, as its closing report has them."""
    from service.archive.manifest import Manifest
    from service.archive.statistics import RunStatistics

    run(source, output, model, "--limit", str(rows), *more)
    manifest = Manifest.read(output)
    assert manifest is not None
    return RunStatistics.of(manifest).articles_per_s or 0.0


def rate_in_memory(source: Path, rows: int, model: Path) -> float:
    """Articles a second of the engine alone on the same rows, in this process."""
    from models.article import Article, Options, Style
    from models.engine import Engine
    from service.archive import readers
    from service.archive.rows import InputColumns, Row
    from service.settings import Settings

    budget_tokens = Settings(model=model).max_batch_tokens
    engine = Engine.load(model, max_batch_tokens=budget_tokens)
    options = Options(style=Style.EXTRACTIVE)
    read = [row for row, _ in zip(readers.read(source, InputColumns()), range(rows), strict=False)]
    articles = [
        Article(row.text, row.title, options=options) for row in read if isinstance(row, Row)
    ]
    return engine_rate(engine, articles, budget_tokens)


def engine_rate(engine: Engine, articles: Sequence[Article], budget_tokens: int) -> float:
    """Articles a second of preparing and analysing in batches of similar length, in one thread."""
    from models.encoding.packing import pack

    begin = time.perf_counter()
    prepared = [engine.prepare(article) for article in articles]
    lengths = [one.longest_tokens for one in prepared]
    for batch in pack(lengths, budget_tokens, [one.windows for one in prepared]):
        engine.analyze([prepared[place] for place in batch])
    return len(articles) / (time.perf_counter() - begin)


def kills(source: Path, model: Path, work: Path, rounds: int, seed: int) -> bool:
    """Whether a run that was killed again and again ends as one that was not."""
    seconds, _ = run(source, work / "whole", model)
    chance = random.Random(seed)
    for _ in range(rounds):
        process = subprocess.Popen(
            command(source, work / "killed", model),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0, 2 * seconds / rounds + 3))
        process.kill()
        process.wait()
    run(source, work / "killed", model)
    return digest(work / "whole") == digest(work / "killed")


def main(
    stub: Annotated[Path, typer.Option(help="artifact of `python -m training tiny`")],
    source: Annotated[Path | None, typer.Option(help="archive for the rates")] = None,
    model: Annotated[Path, typer.Option(help="artifact for the rates")] = SHIPPED,
    rate_rows: Annotated[int, typer.Option(help="rows for the rates")] = 2000,
    rate_rounds: Annotated[int, typer.Option(help="rounds of the rates")] = 3,
    workers: Annotated[int, typer.Option(help="workers on Ray")] = 2,
    few: Annotated[int, typer.Option(help="rows for memory, fewer")] = 2000,
    many: Annotated[int, typer.Option(help="rows for memory, more")] = 200_000,
    kill_rows: Annotated[int, typer.Option(help="rows of the run that is killed")] = 100_000,
    rounds: Annotated[int, typer.Option(help="kills")] = 50,
    finished_rows: Annotated[int, typer.Option(help="rows of the finished run")] = 1_000_000,
    seed: Annotated[int, typer.Option(help="of the moments of the kills")] = 0,
) -> None:
    """Measure archives."""
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        made = source or write(work / "rate.jsonl", rate_rows)
        found = [
            rates(made, rate_rows, model, work / str(number), workers)
            for number in range(rate_rounds)
        ]
        for name in ("archive_over_engine", "ray_over_local"):
            figures[name] = round(statistics.median(ratios[name] for ratios in found), 3)
            typer.echo(f"{name:<27}{figures[name]}")
        peaks = [
            run(write(work / f"{rows}.jsonl", rows), work / f"memory-{rows}", stub)[1]
            for rows in (few, many)
        ]
        figures["memory_ratio"] = round(peaks[1] / peaks[0], 3)
        typer.echo(f"peak memory, few and many  {peaks[0]:.0f} and {peaks[1]:.0f} MiB")
        same = kills(write(work / "kills.jsonl", kill_rows), stub, work, rounds, seed)
        figures |= {"kills": rounds, "kills_digest_equal": same}
        typer.echo(f"{rounds} kills, digest        {'equal' if same else 'DIFFERENT'}")
        finished = write(work / "finished.jsonl", finished_rows, few)
        run(finished, work / "finished", stub)
        figures["resume_finished_s"] = round(run(finished, work / "finished", stub)[0], 2)
        typer.echo(f"resuming a finished run    {figures['resume_finished_s']} s")
    typer.echo(json.dumps(figures))


if __name__ == "__main__":
    typer.run(main)
