"""The command `nutgraf` on the stand-in model: `python -m tests.support.cli_with_stand_in serve`.

The variable STAND_IN_GATE may name a file. The model waits until the file exists. If the file holds
a number, the model analyses that many batches and waits again. NUTGRAF_TEST_PREPARE_CPU_S is the
processor time that preparing an article may take.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.analysis import Analysis
from models.artifact.manifest import digest
from models.errors import AnalysisError, ArtifactMissing
from service.api import workers
from service.cli import main as cli
from service.current import artifact_of, is_registry
from service.inference import load, preparation
from service.settings import Settings
from tests.support.stand_in_model import Info, Prepared, StandIn


class Gated(StandIn):
    """Waits for a file; the plain stand-in waits for an event."""

    def analyze(self, batch: Sequence[Prepared]) -> list[Analysis | AnalysisError]:
        gate = os.environ.get("STAND_IN_GATE")
        while gate and len(self.batches) >= allowed(Path(gate)):
            time.sleep(0.005)
        return super().analyze(batch)


def allowed(gate: Path) -> float:
    """How many batches may be analysed now."""
    if not gate.exists():
        return 0
    return float(gate.read_text() or math.inf)


def stand_in(settings: Settings, parallel: int | None = None) -> Any:
    """The stand-in. Its name is the content of the file at the path of the model.

    Of a registry it has the name and the digest of the version that is current.
    """
    if is_registry(settings.model):
        directory = artifact_of(settings.model)
        return Gated(Info(name=directory.name, digest=digest(directory)))
    if not settings.model.exists():
        raise ArtifactMissing("no model is there; train one or name another directory")
    return Gated(Info(name=settings.model.read_text()))


if __name__ in {"__main__", "__mp_main__"}:  # and in the workers that multiprocessing starts
    load.load_engine = stand_in
    preparation.CPU_S = float(os.environ.get("NUTGRAF_TEST_PREPARE_CPU_S", preparation.CPU_S))
    workers.gpu_count = lambda: 0
if __name__ == "__main__":
    cli.main()
