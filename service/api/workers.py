"""Several processes behind one port, each with a model of its own: one per GPU, or per socket.

uvicorn's supervisor starts them and restarts one that dies. A SIGHUP goes on to all of them: each
takes the new model in its own time, and none stops answering.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from models.device import cores
from models.errors import NutgrafError
from service.api import access_log, server
from service.api.app import create_app
from service.api.lifecycle import Service
from service.database.database import open_database
from service.inference import load
from service.inference.bisection import prove
from service.settings import RUN_DIRECTORY, Settings

METRICS_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
START_TIMEOUT_S = 120


class Supervisor(Multiprocess):
    """The parent of all workers."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._said = False

    def keep_subprocess_alive(self) -> None:
        """Restart a worker that died; say once that all of them are ready."""
        super().keep_subprocess_alive()
        if not self._said and not self.should_exit.is_set():
            self._said = all(process.is_ready() for process in self.processes)
            if self._said:
                server.log_ready(self.config.host, self.sockets)

    def handle_hup(self) -> None:
        """Let each worker load the model again; uvicorn would replace the workers."""
        for process in self.processes:
            if process.pid is not None:
                os.kill(process.pid, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Slot:
    """A worker's place among all, which it has for as long as its process lives."""

    number: int
    _lock: IO[bytes]


def run(settings: Settings, sockets: Sequence[socket.socket]) -> int:
    """Serve on these sockets with all workers until a signal ends it; the exit status.

    Raises ArtifactError, ModelFailed or DatabaseUnreachable before the port opens.
    """
    access_log.log_to_stderr(settings.log_format)
    if settings.data is not None:
        open_database(settings.data, settings).close()
    prove(load.load_engine(settings.model_copy(update={"device": "cpu"})))
    with tempfile.TemporaryDirectory(prefix="nutgraf-") as directory:
        os.environ |= settings.environment()
        os.environ |= {RUN_DIRECTORY: directory, METRICS_DIRECTORY: directory}
        config = server.configure(
            "service.api.workers:create_worker_app",
            settings,
            factory=True,
            workers=settings.workers,
            timeout_worker_healthcheck=START_TIMEOUT_S,
        )
        supervisor = Supervisor(config, list(sockets))
        supervisor.run()
        failed = any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes)
    return STARTUP_FAILURE if failed else 0


def create_worker_app() -> FastAPI:
    """The application of one worker, made in its own process."""
    settings = Settings()
    access_log.log_to_stderr(settings.log_format)
    slot = claim_slot(Path(os.environ[RUN_DIRECTORY]))
    try:
        service = Service(share(settings, slot.number, gpu_count()), load.load_engine)
    except NutgrafError as error:
        print(f"nutgraf: {error}", file=sys.stderr)
        sys.exit(STARTUP_FAILURE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    app = create_app(service)
    app.state.slot = slot
    return app


def _end_with_parent() -> None:
    """A worker that outlived its parent would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)


def claim_slot(directory: Path) -> Slot:
    """The first place that no other worker has."""
    number = 0
    while (lock := _lock(directory / f"slot-{number}.lock")) is None:
        number += 1
    return Slot(number, lock)


def _lock(path: Path) -> IO[bytes] | None:
    """The open file, locked until it is closed; None if another process has it."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def share(settings: Settings, slot: int, gpus: int) -> Settings:
    """A worker's part of the machine: its part of the cores, and a GPU where there are some."""
    its_cores = max(1, cores() // settings.workers)
    takes_gpu = gpus and settings.device in ("auto", "cuda")
    device = f"cuda:{slot % gpus}" if takes_gpu else settings.device
    threads = settings.threads or its_cores
    processes = its_cores if settings.prepare_processes is None else settings.prepare_processes
    update = {"threads": threads, "device": device, "prepare_processes": processes}
    return settings.model_copy(update=update)


def gpu_count() -> int:
    """How many GPUs there are."""
    import torch  # takes a second, and the engine imports it anyway

    return torch.cuda.device_count()
