"""Many articles in one call: each once, each on its own, bounded however many."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from service.api import stream
from tests.service.api.routes.test_analyze import assert_problem
from tests.support.running import Serve, ndjson
from tests.support.standin import StandIn

pytestmark = pytest.mark.anyio

NDJSON = {"content-type": "application/x-ndjson"}


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    return sorted(map(json.loads, response.text.splitlines()), key=lambda line: line["index"])


def summaries(found: list[dict[str, Any]]) -> list[str]:
    return [line["answer"]["summary"]["text"] for line in found]


@pytest.mark.parametrize("count", [1, 300])
async def test_each_article_gets_its_line(serve: Serve, count: int) -> None:
    articles = [{"text": f"w{n} and more"} for n in range(count)]
    async with serve() as client:
        response = await client.post("/v1/analyze/batch", **ndjson(articles))
    assert response.headers["content-type"] == "application/x-ndjson"
    assert summaries(lines(response)) == [f"w{n}" for n in range(count)]
    assert [line["index"] for line in lines(response)] == list(range(count))


async def test_a_bad_article_is_a_problem_of_its_own(serve: Serve) -> None:
    body = b"\n".join(
        [
            b'{"text": "good"}',
            b"[" * 20 + b"]" * 20,
            b'{"text": "poison"}',
            b"",
            b"zanzibar",
            b'{"<zanzibar>": 1}',
            b'{"text": "nan"}',
            b'{"text": "' + b"long " * 1000 + b'"}',
            b"\xff",
            b'{"text": "last, without an end of line"}',
        ]
    )
    async with serve(max_body_bytes=2000) as client:
        response = await client.post("/v1/analyze/batch", content=body, headers=NDJSON)
    found = lines(response)
    assert [line.get("problem", {"status": 200})["status"] for line in found] == [
        200,
        400,
        500,
        400,
        422,
        500,
        413,
        400,
        200,
    ]
    assert "zanzibar" not in response.text


@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_another_media_type_is_refused_and_the_right_one_is_named(
    serve: Serve, media_type: str
) -> None:
    async with serve() as client:
        response = await client.post(
            "/v1/analyze/batch", content=b'[{"text": "a"}]', headers={"content-type": media_type}
        )
    assert_problem(response, 415, "unsupported-media")
    assert "application/x-ndjson" in response.json()["detail"]


async def test_a_deadline_holds_for_each_article(serve: Serve, model: StandIn) -> None:
    model.gate.clear()
    async with serve() as client:
        held = asyncio.ensure_future(client.post("/v1/analyze", json={"text": "held"}))
        while not model.batches:
            await asyncio.sleep(0.001)
        response = await client.post(
            "/v1/analyze/batch",
            content=ndjson([{"text": "a"}] * 3)["content"],
            headers={**NDJSON, "X-Request-Timeout-Ms": "20"},
        )
        model.gate.set()
        await held
    assert [line["problem"]["status"] for line in lines(response)] == [504] * 3
    assert model.batches == [["held"]]


async def test_more_calls_than_the_service_runs_are_429(
    serve: Serve, model: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.api.lifecycle.MAX_CALLS", 1)
    model.gate.clear()
    async with serve() as client:
        first = asyncio.ensure_future(client.post("/v1/analyze/batch", **ndjson([{"text": "a"}])))
        while not model.batches:
            await asyncio.sleep(0.001)
        second = await client.post("/v1/analyze/batch", **ndjson([{"text": "b"}]))
        model.gate.set()
        await first
        third = await client.post("/v1/analyze/batch", **ndjson([{"text": "c"}]))
    assert_problem(second, 429, "queue-full")
    assert second.headers["retry-after"] == str(10)
    assert third.status_code == 200


class Reader:
    """An endless stream of articles that counts how many were taken from it."""

    def __init__(self) -> None:
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 1
            yield b'{"text": "a"}'
            await asyncio.sleep(0)


async def test_while_nobody_reads_the_answers_no_more_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream, "OUTBOX_BYTES", 1000)
    reader = Reader()
    blocked = asyncio.Event()

    async def analyze(document: bytes) -> Any:
        raise ValueError("quick")

    async def write(chunk: bytes) -> None:
        await blocked.wait()

    async def stays() -> dict[str, Any]:
        await blocked.wait()
        return {}

    call = stream.BulkCall(aiter(reader), analyze)
    running = asyncio.ensure_future(call.run(write, stays))
    for _ in range(10 * stream.WINDOW_ITEMS):
        await asyncio.sleep(0)
    running.cancel()
    assert stream.WINDOW_ITEMS <= reader.taken <= stream.WINDOW_ITEMS + 10


async def two() -> AsyncIterator[bytes]:
    yield b"a"
    yield b"b"


async def test_a_client_that_leaves_takes_its_articles_along(model: StandIn) -> None:
    gone = asyncio.Event()
    waiting = asyncio.Event()
    cancelled = []

    async def analyze(document: bytes) -> Any:
        waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(document)
            raise

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def write(chunk: bytes) -> None: ...

    call = stream.BulkCall(two(), analyze)
    running = asyncio.ensure_future(call.run(write, receive))
    await waiting.wait()
    gone.set()
    with pytest.raises(ExceptionGroup):
        await running
    assert sorted(cancelled) == [b"a", b"b"]


async def test_a_service_that_drains_ends_a_stream_and_says_where(serve: Serve) -> None:
    async with serve() as client:

        async def sending() -> AsyncIterator[bytes]:
            yield b'{"text": "before"}\n'
            client._transport.app.state.service.scheduler.drain()  # type: ignore[attr-defined]
            yield b'{"text": "after"}\n'

        response = await client.post("/v1/analyze/batch", content=sending(), headers=NDJSON)
    before, after = lines(response)
    assert before["answer"]["summary"]["text"] == "before"
    assert (after["index"], after["problem"]["status"]) == (1, 503)
