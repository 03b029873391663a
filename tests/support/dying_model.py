"""A model that kills its process at certain words, and archive runs with it on Ray.

`python -m tests.support.dying_model INPUT OUTPUT MARKS ADDRESS` is such a run.
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
from tests.support.stand_in_model import Info, Prepared, StandIn

DIGEST = "0" * 64
ONCE, HELD = "once", "held"


class DyingModel(StandIn):
    """Kills its process at the word `fatal`, and the first time at the word `once`.

    The first time is recorded by a file in the directory `marks`. At the word `held` it waits while
    there is a pipe of that name in the directory.
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
    """Creates a file. False if it was there already."""
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def dead_on_loading() -> DyingModel:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def without_a_model() -> DyingModel:
    raise ArtifactMissing("no model is there")


def changing_format(marks: Path) -> DyingModel:
    """A model whose number format is another one in the second process that loads it."""
    return DyingModel(marks, Info(dtype="float32" if left(marks / "loaded") else "bfloat16"))


def opened(load: Any, size: ray_scorer.Size | None = None, address: str | None = None) -> Any:
    """Two workers, on the running Ray or the one at the address."""
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
    score(runs.request(source, output=output), partial(DyingModel, marks), sys.argv[4])
