"""Whether an article's answer depends on what else is read with it.

`python -m benchmarks.invariance --articles FILE` reads the same articles alone, in batches, in
batches of another order and over HTTP, and counts those whose answers are the same: every label,
text and offset, and every number within TOLERANCE. `--dtype bfloat16` gives the rate at which
answers flip there. It ends with one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from benchmarks.load import body_of
from benchmarks.serving import Server, machine, our_server, read_texts
from models.analysis import Analysis
from models.article import Article
from models.engine import Engine
from models.errors import AnalysisError
from service.settings import SHIPPED_MODEL

TOLERANCE = 1e-4
BATCH_ITEMS = 16
CLIENTS = 32

Answers = list[dict[str, Any]]


def main(
    articles: Annotated[Path, typer.Option(help="JSONL, CSV or Parquet with a column text")],
    model: Annotated[Path, typer.Option(help="artifact directory")] = SHIPPED_MODEL,
    count: Annotated[int, typer.Option(help="articles")] = 500,
    characters: Annotated[int | None, typer.Option(help="only the beginning of each")] = None,
    dtype: Annotated[str, typer.Option(help="float32 or bfloat16")] = "float32",
) -> None:
    """Compare the answers to the same articles in other company."""
    texts = [text[:characters] for text in read_texts(articles, count)]
    engine = Engine.load(model, dtype=dtype)
    order = random.Random(1).sample(range(len(texts)), len(texts))
    alone = in_batches(engine, texts, range(len(texts)), 1)
    ways: dict[str, Answers] = {
        "in batches": in_batches(engine, texts, range(len(texts)), BATCH_ITEMS),
        "shuffled": in_batches(engine, texts, order, BATCH_ITEMS),
        "over HTTP": over_http(model, dtype, texts),
    }
    same = {way: count_same(alone, answers, whole) for way, answers in ways.items()}
    labels = {way: count_same(alone, answers, labels_of) for way, answers in ways.items()}
    for way, number in same.items():
        typer.echo(f"{way:<12}{number} of {len(texts)} the same, {labels[way]} the same labels")
    described = {
        "articles": len(texts),
        "characters": characters,
        "dtype": dtype,
        "digest": engine.info.digest,
    }
    typer.echo(json.dumps({"same": same, "labels": labels, "machine": machine(), **described}))


def in_batches(
    engine: Engine, texts: Sequence[str], order: Sequence[int], batch_items: int
) -> Answers:
    """The engine's answers in the order of the texts, read in another."""
    as_json = TypeAdapter(Analysis)
    found: dict[int, dict[str, Any]] = {}
    for begin in range(0, len(order), batch_items):
        chosen = order[begin : begin + batch_items]
        outcomes = engine.analyze([engine.prepare(Article(texts[number])) for number in chosen])
        for number, outcome in zip(chosen, outcomes, strict=True):
            if isinstance(outcome, AnalysisError):
                raise outcome
            found[number] = as_json.dump_python(outcome, mode="json")
    return [found[number] for number in range(len(texts))]


def over_http(model: Path, dtype: str, texts: Sequence[str]) -> Answers:
    """The service's answers, as many at a time as it gets."""
    os.environ["NUTGRAF_DTYPE"] = dtype
    with our_server(model) as server:
        return asyncio.run(_asked(server, texts))


async def _asked(server: Server, texts: Sequence[str]) -> Answers:
    free = asyncio.Semaphore(CLIENTS)

    async def ask(text: str) -> dict[str, Any]:
        async with free:
            answer: dict[str, Any] = json.loads(await target.ask(body_of(text)))
            return answer

    with server.target() as target:
        return await asyncio.gather(*map(ask, texts))


def count_same(ones: Answers, others: Answers, part: Callable[[dict[str, Any]], Any]) -> int:
    """How many answers are the same in a part of them."""
    return Counter(alike(part(one), part(other)) for one, other in zip(ones, others, strict=True))[
        True
    ]


def whole(answer: dict[str, Any]) -> Any:
    """All that an answer says of the article."""
    return [answer[name] for name in ("topic", "stance", "summary", "input")]


def labels_of(answer: dict[str, Any]) -> Any:
    """The topic and the stances."""
    return [answer["topic"]["label"], [stance["label"] for stance in answer["stance"]]]


def alike(one: Any, other: Any) -> bool:
    """Equal in everything but numbers, and those within TOLERANCE."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= TOLERANCE
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


if __name__ == "__main__":
    typer.run(main)
