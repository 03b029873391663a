"""The engine against the bare encoder: what the heads, the readers and preparing cost.

`python -m benchmarks.engine` takes both over the same articles in turn, several rounds in one
process, and ends with one JSON line. Figures above 1 would mean the engine beats its own encoder.
Each reader is also held against its own bare body, over the same questions.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer

import models
from models.article import Article, Options, Style
from models.encoding.packing import pack
from models.encoding.questions import Question
from models.encoding.tokens import Integers
from models.engine import Engine
from models.network.padding import ranges
from models.network.passes import Encode
from models.network.reader import Reader

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
    return len(engine.prepare(Article(" ".join(sentences))).encoded.ids) if sentences else 0


@torch.inference_mode()
def encode_only(
    encode: Encode, rows: Sequence[Integers], budget_tokens: int, device: torch.device
) -> None:
    """A bare body over rows of tokens, in the batches that the engine makes of them."""
    flat = torch.cat([torch.from_numpy(row) for row in rows])
    begins = [0, *torch.tensor([len(row) for row in rows]).cumsum(0).tolist()]
    for group in pack([len(row) for row in rows], budget_tokens):
        index, mask = ranges([(begins[row], begins[row + 1]) for row in group])
        encode(torch.where(mask, flat[index], 0).to(device), mask.to(device))


@torch.inference_mode()
def read_only(reader: Reader, questions: Sequence[Question], budget_tokens: int) -> None:
    """A reader over some questions."""
    reader.read(questions, budget_tokens)


def timed(runs: Sequence[Callable[[], object]], rounds: int) -> list[float]:
    """Median seconds of each run, taken in turn so that a noisy machine is noisy for all."""
    seconds: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds + 1):
        for index, run in enumerate(runs):
            begin = time.perf_counter()
            run()
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            seconds[index].append(time.perf_counter() - begin)
    return [statistics.median(values[1:]) for values in seconds]


def main(
    model: Annotated[Path, typer.Option(help="artifact directory")] = SHIPPED,
    count: Annotated[int, typer.Option(help="articles")] = 64,
    tokens: Annotated[int, typer.Option(help="tokens of an article")] = 512,
    rounds: Annotated[int, typer.Option(help="timed rounds")] = 5,
    budget_tokens: Annotated[int, typer.Option(help="padded tokens of a batch")] = 4096,
    dtype: Annotated[str, typer.Option(help="auto, float32 or bfloat16")] = "auto",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N")] = "auto",
) -> None:
    """Measure labels + summaries, without and with targets, against the bare encoder."""
    engine = Engine.load(model, device=device, dtype=dtype, max_batch_tokens=budget_tokens)
    texts = articles(count, tokens, engine)

    def whole(options: Options) -> None:
        engine.analyze([engine.prepare(Article(text, options=options)) for text in texts])

    extracts = Options(style=Style.EXTRACTIVE)
    targets = replace(extracts, targets=TARGETS)
    batch = [engine.prepare(Article(text, options=targets)) for text in texts]
    windows = [p.encoded.ids[: p.encoded.windows[0]] for p in batch]
    asked = [question for p in batch for _, question in p.questions]
    rows = [question.ids for question in asked]
    where = next(engine.network.parameters()).device
    runs: dict[str, Callable[[], object]] = {
        "encoder": partial(encode_only, engine.network.encode, windows, budget_tokens, where),
        "extractive": partial(whole, extracts),
    }
    for tier in engine.info.readers:
        whole(replace(targets, reader=tier))  # loads it
        reader = engine.network.reader(tier)
        runs |= {
            f"written, {tier}": partial(whole, Options(reader=tier)),
            f"three targets, {tier}": partial(whole, replace(targets, reader=tier)),
            f"reader {tier}": partial(read_only, reader, asked, budget_tokens),
            f"body {tier}": partial(encode_only, reader.encode, rows, budget_tokens, where),
        }
    seconds = dict(zip(runs, timed(list(runs.values()), rounds), strict=True))
    rates = {
        name: (len(asked) if name.startswith(("reader", "body")) else count) / each
        for name, each in seconds.items()
    }
    for name, rate in rates.items():
        of = "questions" if name.startswith(("reader", "body")) else "articles"
        typer.echo(f"{name:<22}{rate:8.1f} {of}/s")
    typer.echo(
        json.dumps(
            {
                "over_encoder": {
                    name: round(seconds["encoder"] / each, 3)
                    for name, each in seconds.items()
                    if not name.startswith(("reader", "body"))
                },
                "over_body": {
                    tier: round(seconds[f"body {tier}"] / seconds[f"reader {tier}"], 3)
                    for tier in engine.info.readers
                },
                "per_s": {name: round(rate, 2) for name, rate in rates.items()},
                "tokens": round(statistics.fmean(len(p.encoded.ids) for p in batch)),
                "tokens_of_a_question": round(statistics.fmean(map(len, rows))),
                "device": engine.info.device,
                "dtype": engine.info.dtype,
                "threads": torch.get_num_threads(),
                "machine": f"{platform.machine()} {platform.processor()}".strip(),
                "digest": engine.info.digest,
            }
        )
    )


if __name__ == "__main__":
    typer.run(main)
