"""`nutgraf` on the stand-in model, as a process: `python -m tests.support.live serve --port 0`.

LIVE_GATE names a file: the model holds every batch until it is there, and, where a number is in
it, every batch after so many. NUTGRAF_TEST_PREPARE_CPU_S is the processor time of an article.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.analysis import Analysis
from models.errors import AnalysisError, ArtifactMissing
from service.api import workers
from service.cli import main as cli
from service.inference import load, preparation
from service.settings import Settings
from tests.support.standin import Info, Prepared, StandIn


class Gated(StandIn):
    """Waits for a file where the stand-in waits for an event."""

    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        gate = os.environ.get("LIVE_GATE")
        while gate and len(self.batches) >= allowed(Path(gate)):
            time.sleep(0.005)
        return super().analyze(batch)


def allowed(gate: Path) -> float:
    """How many batches may be read."""
    if not gate.exists():
        return 0
    return float(gate.read_text() or math.inf)


def stand_in(settings: Settings, parallel: int | None = None) -> Any:
    """The stand-in, named by what the file at the model's path says."""
    if not settings.model.exists():
        raise ArtifactMissing("no model is there; train one or name another directory")
    return Gated(Info(name=settings.model.read_text()))


if __name__ in {"__main__", "__mp_main__"}:  # and in the workers, which multiprocessing spawns
    load.load_engine = stand_in
    preparation.CPU_S = float(os.environ.get("NUTGRAF_TEST_PREPARE_CPU_S", preparation.CPU_S))
    workers.gpu_count = lambda: 0
if __name__ == "__main__":
    cli.main()
