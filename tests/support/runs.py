"""Archives and runs over them with the stand-in model: `python -m tests.support.runs` is one."""

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
from service.archive.manifest import Manifest
from service.archive.progress import Silent
from service.archive.run_config import REJECTED, SCORES, RunConfig
from service.archive.scorer import LocalScorer, Prepare, Scorer
from service.archive.writers import Format, read_columns
from tests.support.standin import StandIn

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
            "format": Format.JSONL,
            "shard_rows": SHARD_ROWS,
            **more,
        }
    )


def score(
    asked: RunConfig, model: StandIn | None = None, *, digest: str = "0" * 64, **more: Any
) -> Manifest:
    """A run in this process."""
    return scoring.score(asked, digest, lambda: opened(asked, model or StandIn()), Silent(), **more)


def prepare_here(model: StandIn) -> Prepare:
    """Prepares an article where and when its result is asked for."""
    return lambda article: partial(model.preparer, article)


def opened(asked: RunConfig, model: StandIn) -> AbstractContextManager[Scorer]:
    prepare = prepare_here(model)
    return nullcontext(LocalScorer(model, BUDGET_TOKENS, full=asked.full, prepare=prepare))


def unopened() -> AbstractContextManager[Scorer]:
    raise AssertionError("a finished run needs no model")


def rows(asked: RunConfig, *names: str) -> list[list[Any]]:
    """Some columns of all scores, in order."""
    parts = sorted((asked.output / SCORES).glob("part-*"))
    found = (read_columns(part.read_bytes(), asked.format, names) for part in parts)
    return [list(row) for part in found for row in part]


def rejected(asked: RunConfig) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (asked.output / REJECTED).read_text().splitlines()]


def digest(output: Path) -> str:
    """Of all that a run leaves for its user."""
    whole = hashlib.sha256()
    for path in (*sorted((output / SCORES).iterdir()), output / REJECTED):
        whole.update(path.name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()


def wait_for_part(process: subprocess.Popen[bytes], output: Path, number: int) -> None:
    """Until a run has come to a shard, or to its end."""
    part = output / SCORES / f"part-{number:05}.jsonl"
    while process.poll() is None and not part.exists():
        os.sched_yield()


@contextlib.contextmanager
def interrupted(model: StandIn, after: int) -> Iterator[None]:
    """Lets the model read some batches, then stops the run."""
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
