"""Prometheus metrics, in base units."""

from __future__ import annotations

import os
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from models.analysis import Analysis
from service.inference.answer import Timing
from service.inference.batching import Lane
from service.inference.model import Model
from service.inference.queue import QueueEntry

_DURATIONS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ITEMS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
_TOKENS = tuple(2**power for power in range(7, 18))
_RATIOS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75)


class Metrics:
    """All metrics of one service, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter("http_requests", "Requests", "method", "route", "status")
        self._request_s = self._histogram(
            "http_request_duration_seconds", "From receipt to answer", _DURATIONS, "route"
        )
        self._articles = self._counter("articles", "Articles analysed", "lane")
        self._judged = self._counter("judged_articles", "Articles that a reader judged", "reader")
        self._withheld = self._counter("withheld_summaries", "Summaries withheld")
        self._refused = self._counter("rejections", "Articles not analysed", "reason")
        self._stage_s = self._histogram(
            "stage_duration_seconds", "Time of an article in a stage", _DURATIONS, "stage"
        )
        self._batch_items = self._histogram("batch_items", "Articles in a batch", _ITEMS, "lane")
        self._batch_tokens = self._histogram(
            "batch_tokens", "Tokens of a batch, padding included", _TOKENS, "lane"
        )
        self._padding = self._histogram(
            "batch_padding_ratio", "Share of a batch that is padding", _RATIOS, "lane"
        )
        self._batch_failures = self._counter("batch_failures", "Batches that failed", "error")
        self._restarts = self._counter("model_restarts", "Times a model thread was restarted")
        self._truncations = self._counter("truncations", "Articles not read to their end")
        self._abstentions = self._counter("abstentions", "Labels withheld", "task")
        self._topics = self._counter("topics", "Articles with a topic", "label")
        self._stances = self._counter("stances", "Stances found", "label")
        self._corrections = self._counter(
            "corrections", "Corrections, and whether they changed the answer", "task", "changed"
        )
        self._queue_items = self._gauge("queue_items", "Articles admitted, unanswered", "lane")
        self._queue_tokens = self._gauge("queue_tokens", "Tokens admitted, unanswered", "lane")
        self._model = self._gauge(
            "model_info", "1 for the model that answers", "name", "version", "digest"
        )
        self._served: Gauge | None = None
        for lane in Lane:
            self._queue_items.labels(lane).set(0)

    def request(self, method: str, route: str, status: int, duration_s: float) -> None:
        """A request was answered."""
        known = method if method in {"GET", "HEAD", "POST", "OPTIONS"} else "other"
        self._requests.labels(known, route, status).inc()
        self._request_s.labels(route).observe(duration_s)

    def queued(self, lane: Lane, *, items: int = 0, tokens: int = 0) -> None:
        """So many articles and tokens more (or, below 0, less) are in a lane."""
        self._queue_items.labels(lane).inc(items)
        self._queue_tokens.labels(lane).inc(tokens)

    def refused(self, reason: str) -> None:
        """An article was not analysed."""
        self._refused.labels(reason).inc()

    def batch(self, lane: Lane, entries: Sequence[QueueEntry], padded_tokens: int) -> None:
        """A batch went through the model."""
        tokens = sum(entry.prepared.tokens for entry in entries)
        self._batch_items.labels(lane).observe(len(entries))
        self._batch_tokens.labels(lane).observe(padded_tokens)
        self._padding.labels(lane).observe(max(0.0, 1 - tokens / max(1, padded_tokens)))

    def batch_failed(self, error: Exception) -> None:
        """A batch failed as a whole."""
        self._batch_failures.labels(type(error).__name__).inc()

    def restarted(self) -> None:
        """A thread of the model died and was started again."""
        self._restarts.inc()

    def timed(self, timing_ms: Timing) -> None:
        """An article took so long in each stage."""
        for stage in ("queue", "prepare", "model"):
            self._stage_s.labels(stage).observe(getattr(timing_ms, stage) / 1000)

    def answered(self, lane: Lane, analysis: Analysis) -> None:
        """An article was analysed."""
        self._articles.labels(lane).inc()
        if analysis.input.truncated:
            self._truncations.inc()
        if analysis.reader is not None:
            self._judged.labels(analysis.reader.value).inc()
        if analysis.summary is not None and analysis.summary.withheld is not None:
            self._withheld.inc()
        if analysis.topic is not None:
            self._label(self._topics, "topic", analysis.topic.label)
        for stance in analysis.stance or ():
            self._label(self._stances, "stance", stance.label)

    def corrected(self, task: str, changed: str) -> None:
        """Someone said what is right; `changed` says whether the model had answered otherwise."""
        self._corrections.labels(task, changed).inc()

    def serving(self, model: Model) -> None:
        """This model answers from now on."""
        if self._served is not None:
            self._served.set(0)
        info = model.info
        self._served = self._model.labels(info.name, info.version, info.digest)
        self._served.set(1)

    def expose(self) -> bytes:
        """All metrics in the text format; of all workers, where there are several."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _label(self, labels: Counter, task: str, label: str | None) -> None:
        if label is None:
            self._abstentions.labels(task).inc()
        else:
            labels.labels(label).inc()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"nutgraf_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(
            f"nutgraf_{name}",
            text,
            labels,
            registry=self._registry,
            multiprocess_mode="livesum",
        )

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"nutgraf_{name}", text, labels, buckets=buckets, registry=self._registry)
