"""OpenTelemetry: a span a request (FastAPI's own), and under it one for each stage of an article.

Without the extra `otel` and an OTLP endpoint in the environment nothing is recorded.
"""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace

from service.inference.answer import Timing

UNTRACED_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
_MS = 1_000_000


def telemetry() -> TelemetryConfig:
    """What FastAPI records: spans, and neither logs (they could hold input) nor its own metrics."""
    return TelemetryConfig(
        tracing=True,
        metrics=False,
        logs=False,
        operation_spans=False,
        auto_configure=True,
        exclude=_is_untraced,
    )


def trace_stages(timing_ms: Timing) -> None:
    """Record the stages of an article that was answered just now, as spans of the request's."""
    tracer = trace.get_tracer("nutgraf")
    end_ns = time.time_ns()
    for stage in ("model", "queue", "prepare"):
        begin_ns = end_ns - int(getattr(timing_ms, stage) * _MS)
        tracer.start_span(stage, start_time=begin_ns).end(end_ns)
        end_ns = begin_ns


def _is_untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope["path"] in UNTRACED_PATHS
