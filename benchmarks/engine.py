"""The engine against the bare encoder: what the heads, the writer and preparing cost.

`python -m benchmarks.engine` takes both over the same articles in turn, several rounds in one
process, and ends with one JSON line. Figures above 1 would mean the engine beats its own encoder.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer

import models
from models.article import Article, Options, Style
from models.encoding.packing import pack
from models.encoding.preparation import Prepared
from models.engine import Engine
from models.network.padding import ranges

SHIPPED = Path(models.__file__).parent / "nutgraf-mini"
TARGETS = ("the city hospital", "Ann Harlow", "more money for roads")
SENTENCES = (
    "The council of {place} voted on {day} to spend {sum} million dollars on the {thing}.",
    "{name}, who leads the works, said the {thing} would be finished before the winter.",
    "Residents of {place} have asked for years that something be done about the {thing}.",
    'Critics called it a waste: "Nobody asked us," said {name} at a meeting on {day}.',
    "Last year the {thing} was closed for {sum} weeks after a storm had damaged its roof.",
    "A report to the ministry found that {sum} of the people in {place} depend on it.",
)
WORDS = {
    "place": ("Altford", "Brennick", "Carrow", "Dunmere", "Elsworth"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    "thing": ("harbour bridge", "public library", "tram line", "city hospital", "old theatre"),
    "name": ("Ann Harlow", "Peter Quist", "Maria Dell", "Tom Avery", "Ruth Lindqvist"),
    "sum": ("12", "7", "31", "64", "5"),
}


def articles(count: int, tokens: int, engine: Engine) -> list[str]:
    """Made-up articles that fill one window of about `tokens` tokens each."""
    made = []
    for number in range(count):
        sentences: list[str] = []
        while _tokens(engine, sentences) < tokens - 24:
            turn = len(sentences)
            chosen = {k: v[(number * (turn + 1) + turn) % len(v)] for k, v in WORDS.items()}
            sentences.append(SENTENCES[(number + turn) % len(SENTENCES)].format(**chosen))
        made.append(" ".join(sentences))
    return made


def _tokens(engine: Engine, sentences: Sequence[str]) -> int:
    return engine.prepare(Article(" ".join(sentences))).tokens if sentences else 0


@torch.inference_mode()
def encode_only(engine: Engine, batch: Sequence[Prepared], budget_tokens: int) -> None:
    """The bare encoder over the same windows in the same batches."""
    rows = [torch.from_numpy(p.encoded.ids[: p.longest_tokens]) for p in batch]
    flat = torch.cat(rows)
    begins = [0, *torch.tensor([len(row) for row in rows]).cumsum(0).tolist()]
    for group in pack([len(row) for row in rows], budget_tokens):
        index, mask = ranges([(begins[row], begins[row + 1]) for row in group])
        engine.network.encode(torch.where(mask, flat[index], 0), mask)


def timed(runs: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each run, taken in turn so that a noisy machine is noisy for all."""
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds + 1):
        for index, run in enumerate(runs):
            begin = time.perf_counter()
            run()
            seconds[index].append(time.perf_counter() - begin)
    return [statistics.median(values[1:]) for values in seconds]


def main(
    model: Annotated[Path, typer.Option(help="artifact directory")] = SHIPPED,
    count: Annotated[int, typer.Option(help="articles")] = 64,
    tokens: Annotated[int, typer.Option(help="tokens of an article")] = 512,
    rounds: Annotated[int, typer.Option(help="timed rounds")] = 5,
    budget_tokens: Annotated[int, typer.Option(help="padded tokens of a batch")] = 4096,
    dtype: Annotated[str, typer.Option(help="auto, float32 or bfloat16")] = "auto",
) -> None:
    """Measure labels + summaries, without and with targets, against the bare encoder."""
    engine = Engine.load(model, dtype=dtype, max_batch_tokens=budget_tokens)
    texts = articles(count, tokens, engine)

    def whole(options: Options) -> None:
        engine.analyze([engine.prepare(Article(text, options=options)) for text in texts])

    batch = [engine.prepare(Article(text)) for text in texts]
    bare, extractive, written, targets = timed(
        [
            lambda: encode_only(engine, batch, budget_tokens),
            lambda: whole(Options(style=Style.EXTRACTIVE)),
            lambda: whole(Options(style=Style.WRITTEN)),
            lambda: whole(Options(targets=TARGETS, style=Style.EXTRACTIVE)),
        ],
        rounds,
    )
    rates = {"encoder": bare, "extractive": extractive, "written": written, "targets": targets}
    for name, seconds in rates.items():
        typer.echo(f"{name:<12}{count / seconds:8.1f} articles/s")
    typer.echo(
        json.dumps(
            {
                "extractive_over_encoder": round(bare / extractive, 3),
                "written_over_encoder": round(bare / written, 3),
                "three_targets_over_encoder": round(bare / targets, 3),
                "articles_per_s": {k: round(count / s, 2) for k, s in rates.items()},
                "tokens": round(statistics.fmean(p.tokens for p in batch)),
                "dtype": engine.info.dtype,
                "threads": torch.get_num_threads(),
                "machine": f"{platform.machine()} {platform.processor()}".strip(),
                "digest": engine.info.digest,
            }
        )
    )


if __name__ == "__main__":
    typer.run(main)
