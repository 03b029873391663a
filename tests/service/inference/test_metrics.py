"""What is counted, logged and cached of a request."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from service.api import tracing
from service.api.access_log import JsonLines
from tests.support.service_fixtures import Serve
from tests.support.stand_in_model import StandIn

pytestmark = pytest.mark.anyio


async def test_an_article_leaves_its_mark_on_the_metrics(serve: Serve) -> None:
    async with serve() as client:
        await client.post("/v1/analyze", json={"text": "Rain fell."})
        await client.post("/v1/analyze", json={"text": "nan"})
        await client.post("/v1/analyze", json={"text": 1})
        metrics = (await client.get("/metrics")).text.splitlines()
    for line in (
        'nutgraf_articles_total{lane="interactive"} 1.0',
        'nutgraf_judged_articles_total{reader="full"} 1.0',
        "nutgraf_withheld_summaries_total 0.0",
        'nutgraf_rejections_total{reason="analysis-failed"} 1.0',
        'nutgraf_topics_total{label="weather"} 1.0',
        'nutgraf_abstentions_total{task="stance"} 1.0',
        'nutgraf_queue_items{lane="interactive"} 0.0',
        'nutgraf_queue_tokens{lane="interactive"} 0.0',
        'nutgraf_batch_items_count{lane="interactive"} 2.0',
        'nutgraf_stage_duration_seconds_count{stage="queue"} 1.0',
        'nutgraf_http_requests_total{method="POST",route="/v1/analyze",status="422"} 1.0',
    ):
        assert line in metrics
    assert any(line.startswith('nutgraf_model_info{digest="000') for line in metrics)


async def test_what_is_asked_for_makes_no_new_metric(serve: Serve) -> None:
    async with serve() as client:
        await client.request("BREW", "/coffee/secret")
        metrics = (await client.get("/metrics")).text
    assert 'method="other",route="(none)",status="404"' in metrics
    assert "coffee" not in metrics


async def test_a_request_is_one_line_of_json(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "correct-horse-battery"
    with caplog.at_level(logging.INFO, "nutgraf.request"):
        async with serve(api_keys=f"desk:{secret}") as client:
            await client.post(
                "/v1/analyze",
                json={"text": "Zanzibar rain."},
                headers={"x-api-key": secret, "x-request-id": "abc"},
            )
    (record,) = [record for record in caplog.records if record.name == "nutgraf.request"]
    text = JsonLines().format(record)
    line = json.loads(text)
    assert "\n" not in text
    assert line["request_id"] == "abc"
    assert line["key"] == "desk"
    assert (line["method"], line["route"], line["status"]) == ("POST", "/v1/analyze", 200)
    assert line["tokens"] == 2
    assert not {"Zanzibar", secret} & set(text.replace('"', " ").split())


async def test_health_answers_while_the_model_is_busy(serve: Serve, model: StandIn) -> None:
    model.gate.clear()
    async with serve() as client:
        busy = asyncio.ensure_future(client.post("/v1/analyze", json={"text": "held"}))
        while not model.batches:
            await asyncio.sleep(0.001)
        live, ready = await client.get("/livez"), await client.get("/readyz")
        model.gate.set()
        await busy
    assert (live.status_code, ready.status_code) == (200, 200)
    assert ready.json() == {"state": "ready"}


class Spans:
    """A tracer that keeps what it is told."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def get_tracer(self, name: str) -> Spans:
        return self

    def start_span(self, name: str, start_time: int) -> Spans:
        self.found.append({"name": name, "start": start_time})
        return self

    def end(self, end_time: int) -> None:
        self.found[-1]["end"] = end_time


async def test_the_stages_of_an_article_are_spans_one_after_the_other(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    spans = Spans()
    monkeypatch.setattr(tracing, "trace", spans)
    async with serve() as client:
        timing_ms = (await client.post("/v1/analyze", json={"text": "Rain."})).json()["timing_ms"]
    stages = {span["name"]: span for span in spans.found}
    for name, span in stages.items():
        assert span["end"] - span["start"] == pytest.approx(timing_ms[name] * 1e6, abs=2)
    assert stages["prepare"]["end"] == stages["queue"]["start"]
    assert stages["queue"]["end"] == stages["model"]["start"]
