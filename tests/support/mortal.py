"""A model whose process dies of some words, and runs with it on Ray.

`python -m tests.support.mortal INPUT OUTPUT MARKS ADDRESS` is one.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from models.analysis import Analysis
from models.errors import AnalysisError, ArtifactMissing
from service.archive import ray_scorer, scoring
from service.archive.manifest import Manifest
from service.archive.progress import Silent
from service.archive.run_config import RunConfig
from service.inference.preparation import PreparingPool
from service.settings import Settings
from tests.support import runs
from tests.support.standin import Info, Prepared, StandIn

DIGEST = "0" * 64
ONCE, HELD = "once", "held"


class Mortal(StandIn):
    """Dies of `fatal` always, of `once` where no such mark is there, which it leaves.

    `held` waits while there is a pipe of that name among the marks.
    """

    def __init__(self, marks: Path, info: Info | None = None) -> None:
        super().__init__(info)
        self._marks = marks

    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        words = {word for prepared in batch for word in prepared.text.split()}
        if HELD in words and (self._marks / HELD).exists():
            (self._marks / HELD).read_bytes()
        if "fatal" in words or (ONCE in words and left(self._marks / ONCE)):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().analyze(batch)


def left(mark: Path) -> bool:
    """Leaves a mark; whether it was not there yet."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def dead_on_loading() -> Mortal:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def without_a_model() -> Mortal:
    raise ArtifactMissing("no model is there")


def in_two_formats(marks: Path) -> Mortal:
    """A model that computes in another format in the second process that loads it."""
    return Mortal(marks, Info(dtype="float32" if left(marks / "loaded") else "bfloat16"))


def opened(load: Any, size: ray_scorer.Size | None = None, address: str | None = None) -> Any:
    """Two workers, in whatever Ray is there."""
    return ray_scorer.opened(
        address,
        size or ray_scorer.Size(2),
        load,
        partial(PreparingPool.of, settings=Settings(prepare_processes=0)),
        digest=DIGEST,
        budget_tokens=runs.BUDGET_TOKENS,
        full=False,
    )


def score(asked: RunConfig, load: Any, address: str | None = None) -> Manifest:
    return scoring.score(asked, DIGEST, lambda: opened(load, address=address), Silent())


if __name__ == "__main__":
    source, output, marks = map(Path, sys.argv[1:4])
    score(runs.request(source, output=output), partial(Mortal, marks), sys.argv[4])
