"""The server around the application: uvicorn with this project's protocol and settings."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from functools import partial
from math import ceil
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from service.api import access_log
from service.api.app import create_app
from service.api.lifecycle import STOP_SIGNALS, Service
from service.http import port
from service.http.connections import Connections, limit_for, raise_file_limit
from service.http.protocol import BoundedProtocol
from service.inference import load
from service.settings import Settings

EXIT_MODEL_FAILED = 1
KEEP_ALIVE_S = 5
BACKLOG = 2048
SWITCH_S = 1e-4
"""How long a thread may hold the interpreter's lock while another waits for it. The model's threads
release the lock for each of many short operations and must get it back each time."""
LEFTOVER_S = 10  # for the answers still to be written once the drain has ended

logger = logging.getLogger("nutgraf.server")


class Server(uvicorn.Server):
    """Says where it listens, once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and open the port. Raises PortRefused where another process was faster."""
        try:
            await super().startup(sockets)
        except OSError as error:
            await self.lifespan.shutdown()
            raise port.refusal(self.config.host, self.config.port, error) from None
        if self.started and sockets:
            log_ready(self.config.host, sockets)


def serve(settings: Settings, sockets: Sequence[socket.socket]) -> int:
    """Answer requests on these sockets until a signal ends it; the exit status.

    Raises ArtifactError, ModelFailed, ModelUnavailable or DatabaseUnreachable before the port
    opens, and PortRefused. The status is EXIT_MODEL_FAILED where the model cannot work in this
    process any more, so that systemd, a container engine or the parent of several workers starts
    another.
    """
    access_log.log_to_stderr(settings.log_format)
    sys.setswitchinterval(SWITCH_S)
    service = Service(settings, load.load_engine)
    server = Server(configure(create_app(service), settings))
    for number in STOP_SIGNALS:  # uvicorn sends them again at its end: a drained stop is exit 0
        signal.signal(number, signal.SIG_IGN)
    server.run(list(sockets))
    status = _exit_status(server, service)
    if service.scheduler.is_reading:  # torch aborts a process that ends around a thread of it
        logging.shutdown()
        os._exit(status)
    return status


def _exit_status(server: Server, service: Service) -> int:
    if service.model_failed:
        return EXIT_MODEL_FAILED
    return 0 if server.started else STARTUP_FAILURE


def log_ready(host: str, sockets: Sequence[socket.socket]) -> None:
    """The line that says where to find the service."""
    url = port.url_of(host, sockets[0].getsockname()[1])
    logger.info("nutgraf is ready: %s (docs: /docs)", url, extra={"url": url})


def configure(app: FastAPI | str, settings: Settings, **more: Any) -> uvicorn.Config:
    """The configuration of uvicorn."""
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
