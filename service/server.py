"""The server around the application: uvicorn with this project's protocol and settings."""

from __future__ import annotations

import logging
import os
import signal
import sys
from functools import partial
from math import ceil
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from service.app import create_app
from service.connections import Connections, limit_for, raise_file_limit
from service.errors import ModelUnavailable
from service.journal import JsonLines
from service.lifecycle import STOP_SIGNALS, Service
from service.model import Model
from service.protocol import BoundedProtocol
from service.settings import Settings

KEEP_ALIVE_S = 5
BACKLOG = 2048
LEFTOVER_S = 10  # for the answers still to be written once the drain has ended


def load_engine(settings: Settings, parallel: int | None = None) -> Model:
    """The engine of the configured artifact, which reads so many batches at once (None: as many as
    is fast). Raises ArtifactError, or ModelUnavailable."""
    from models.engine import Engine  # takes seconds: torch and transformers

    try:
        return Engine.load(
            settings.model,
            device=settings.device,
            dtype=settings.dtype,
            threads=settings.threads,
            max_batch_tokens=settings.max_batch_tokens,
            parallel=parallel,
        )
    except ValueError as error:
        raise ModelUnavailable(str(error)) from error


def serve(settings: Settings) -> int:
    """Answer requests until a signal ends it; the exit status.

    Raises ArtifactError, ModelFailed, ModelUnavailable or JobsUnreachable before the port opens.
    Where the model's device was lost, the process is replaced by a fresh one of the same command.
    """
    log_as_json()
    service = Service(settings, load_engine)
    server = uvicorn.Server(configure(create_app(service), settings))
    for number in STOP_SIGNALS:  # uvicorn sends them again at its end: a drained stop is exit 0
        signal.signal(number, signal.SIG_IGN)
    server.run()
    if service.model_lost:
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606
    return 0 if server.started else STARTUP_FAILURE


def configure(app: FastAPI | str, settings: Settings, **more: Any) -> uvicorn.Config:
    """What uvicorn is told."""
    limit = limit_for(raise_file_limit())
    protocol = partial(BoundedProtocol, settings.receipt_timeout_s, Connections(limit))
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=protocol,  # type: ignore[arg-type]
        backlog=min(BACKLOG, limit),  # those that are accepted at once need files too
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=ceil(settings.drain_timeout_s) + LEFTOVER_S,
        **more,
    )


def log_as_json() -> None:
    """One line of JSON a record, on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
