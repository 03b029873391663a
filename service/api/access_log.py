"""A request's id, its line in the log, and its metrics; and the two formats of the log.

It is the outermost middleware, so it also answers exceptions that nothing else caught. The log is
lines of JSON for a service, or text for a person at a terminal.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
import sys
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Literal

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.security import STRICT_HEADERS
from service.http.problems import problem_response
from service.inference.metrics import Metrics
from service.printable import printable

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
CLIENT_CLOSED = 499

logger = logging.getLogger("nutgraf.request")


class AccessLog:
    """ASGI middleware: gives each request an id, logs it and counts it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.monotonic()
        state: MutableMapping[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id_of(Headers(scope=scope))
        status: int | None = None

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = state["request_id"]
                for name, value in STRICT_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except Exception as error:
            logger.exception("unexpected error", extra={"request_id": state["request_id"]})
            if status is None:
                await problem_response(error, state["request_id"])(scope, receive, send_and_note)
        finally:
            self._note(scope, status or CLIENT_CLOSED, time.monotonic() - began)

    def _note(self, scope: Scope, status: int, duration_s: float) -> None:
        route = getattr(scope.get("route"), "path", "(none)")
        self._metrics.request(scope["method"], route, status, duration_s)
        logger.info("request", extra=_line(scope, route, status, duration_s))


def request_id_of(headers: Headers) -> str:
    """The client's X-Request-ID where it is harmless, else a fresh one."""
    given = headers.get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def _line(scope: Scope, route: str, status: int, duration_s: float) -> dict[str, Any]:
    state = scope["state"]
    return {
        "request_id": state["request_id"],
        "key": state.get("key"),
        "client": (scope.get("client") or [None])[0],
        "method": scope["method"],
        "route": route,
        "status": status,
        "duration_ms": round(1000 * duration_s, 1),
        **state.get("noted", {}),
    }


def log_to_stderr(form: Literal["auto", "json", "text"]) -> None:
    """Log on standard error; `auto` is text on a terminal, else JSON."""
    as_text = form == "text" or (form == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TextLines() if as_text else JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """The `extra` fields of a record, but for those that a library gives to all (Ray does)."""
    return {
        name: value
        for name, value in vars(record).items()
        if name not in _OWN and not name.startswith("_")
    }


class JsonLines(logging.Formatter):
    """A log record as one line of JSON: time, level, logger, message, and its `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _extra(record)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextLines(logging.Formatter):
    """A log record as a person reads it: local time, message, plain `extra` fields, traceback.

    What an exception quotes does not steer the terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        time_of_day = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f" {record.levelname.lower()}:"
        line = f"{time_of_day}{level} {record.getMessage()}"
        for name, value in _extra(record).items():
            if isinstance(value, (str, int, float)) and str(value) not in line:
                line += f" {name}={value}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return printable(line)
