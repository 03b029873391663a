"""Archives, and runs over them with the stand-in model.

`python -m tests.support.runs INPUT OUTPUT` is such a run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from models.article import Options
from service.archive import scoring
from service.archive.formats import JSONL
from service.archive.manifest import Manifest
from service.archive.progress import Silent
from service.archive.run_config import REJECTED, SCORES, RunConfig
from service.archive.scorer import LocalScorer, Prepare, Scorer
from tests.support.stand_in_model import StandIn

SHARD_ROWS = 4
BUDGET_TOKENS = 64


def write_jsonl(path: Path, texts: Iterable[object]) -> Path:
    lines = (json.dumps({"id": str(n), "text": text}) for n, text in enumerate(texts))
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def request(*inputs: Path, output: Path, **more: Any) -> RunConfig:
    return RunConfig(
        **{
            "inputs": tuple(map(str, inputs)),
            "output": output,
            "options": Options(),
            "format": JSONL,
            "shard_rows": SHARD_ROWS,
            "max_batch_tokens": BUDGET_TOKENS,
            **more,
        }
    )


def score(
    asked: RunConfig, model: StandIn | None = None, *, digest: str = "0" * 64, **more: Any
) -> Manifest:
    """A run in this process."""
    return scoring.score(asked, digest, lambda: opened(asked, model or StandIn()), Silent(), **more)


def prepare_here(model: StandIn) -> Prepare:
    """Prepares an article in this thread, when its result is asked for."""
    return lambda article: partial(model.preparer, article)


def opened(asked: RunConfig, model: StandIn) -> AbstractContextManager[Scorer]:
    prepare = prepare_here(model)
    return nullcontext(LocalScorer(model, BUDGET_TOKENS, full=asked.full, prepare=prepare))


def unopened() -> AbstractContextManager[Scorer]:
    raise AssertionError("a finished run needs no model")


def rows(asked: RunConfig, *names: str) -> list[list[Any]]:
    """Some columns of all scores, in the order of the rows."""
    parts = sorted((asked.output / SCORES).glob("part-*"))
    found = (asked.format.decode(part.read_bytes(), names) for part in parts)
    return [list(row) for part in found for row in part]


def rejected(asked: RunConfig) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (asked.output / REJECTED).read_text().splitlines()]


def digest(output: Path) -> str:
    """A digest of all files that a run writes for its user."""
    whole = hashlib.sha256()
    for path in (*sorted((output / SCORES).iterdir()), output / REJECTED):
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def wait_for_part(process: subprocess.Popen[bytes], output: Path, number: int) -> None:
    """Waits until a run has written this shard, or has ended."""
    part = output / SCORES / f"part-{number:05}.jsonl"
    while process.poll() is None and not part.exists():
        os.sched_yield()


@contextlib.contextmanager
def interrupted(model: StandIn, after: int) -> Iterator[None]:
    """Stops the run after some batches."""
    read = model.analyze

    def analyze(batch: Any) -> Any:
        if len(model.batches) >= after:
            raise KeyboardInterrupt
        return read(batch)

    model.analyze = analyze  # type: ignore[method-assign]
    with contextlib.suppress(KeyboardInterrupt):
        yield


if __name__ == "__main__":
    score(request(Path(sys.argv[1]), output=Path(sys.argv[2])))
