"""Articles that are analysed while the client waits: one, or a stream of them."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response

from models.article import Article
from service.api.lifecycle import Service
from service.api.routing import KnownQuery, Owner, Serving, body_of, problems, ref
from service.api.schemas import AnalyzeRequest, BulkAnswer, BulkProblem
from service.api.stream import BulkResponse, begun
from service.api.tracing import trace_stages
from service.errors import ClientGone, InvalidRequest, QueueFull
from service.http.bodies import JSON, NDJSON, NDJSON_NAMES, media_type, read_body, read_lines
from service.inference.answer import Answer, as_json
from service.inference.batching import Lane

TIMEOUT_HEADER = "X-Request-Timeout-Ms"
MAX_BULK_TIMEOUT_MS = 600_000
BULK_RETRY_S = 10
TIMEOUT_NOTE = (
    f"The header {TIMEOUT_HEADER} says for how many milliseconds an answer is worth waiting "
    "for; an article that the model has not begun to read by then is answered with 504. "
)
ONE_TIMEOUT = TIMEOUT_NOTE + (
    "It shortens the wait that the operator allows (`request_timeout_ms` in GET /v1/model); a "
    "longer one is refused with 422."
)
BULK_TIMEOUT = TIMEOUT_NOTE + (
    f"It holds for the whole call and is at most {MAX_BULK_TIMEOUT_MS}; a longer one is refused "
    "with 422. Without it, articles wait for as long as the call lasts."
)
ONE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer.", "content": {JSON: {"schema": ref(Answer)}}}
}
REQUEST_LINES = {"type": "string", "description": "An AnalyzeRequest on each line."}
ANSWER_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A BulkAnswer or a BulkProblem on each line.",
        "content": {NDJSON: {"schema": {"type": "string"}}},
        "x-lines": {"oneOf": [ref(BulkAnswer), ref(BulkProblem)]},
    }
}

_MILLISECONDS = re.compile(r"[0-9]{1,15}")

router = APIRouter(dependencies=[KnownQuery])
T = TypeVar("T")


@router.post(
    "/v1/analyze",
    summary="Topic, stance and summary of one article",
    description=ONE_TIMEOUT,
    openapi_extra=body_of({JSON: ref(AnalyzeRequest)}),
    responses=problems(400, 401, 408, 413, 415, 422, 429, 500, 503, 504) | ONE_ANSWER,
)
async def analyze(request: Request, service: Serving, owner: Owner) -> Response:
    settings = service.settings
    allowed_ms = timeout_ms(request, settings.request_timeout_ms) or settings.request_timeout_ms
    deadline_s = time.monotonic() + allowed_ms / 1000
    media_type(request, {JSON})
    body = await read_body(request, settings.max_body_bytes, settings.receipt_timeout_s)
    work = _answer(service, body, Lane.INTERACTIVE, deadline_s)
    article, answer = await unless_gone(request, work)
    if service.feedback is not None:
        service.feedback.keep(owner, request.state.request_id, article, answer)
    trace_stages(answer.timing_ms)
    request.state.noted = {"tokens": answer.input.tokens, "model_ms": answer.timing_ms.model}
    return Response(as_json(answer), media_type=JSON)


@router.post(
    "/v1/analyze/batch",
    summary="Many articles; a line for each as it is done",
    description=(
        "The body is NDJSON: one article a line, for as long as you like. Each line of the answer "
        "says in `index` which article it is about, counted from 0; an article that fails has a "
        "`problem` there and harms no other. Read while you send: past 8 MiB of answers that "
        "nobody reads, the service stops reading too. " + BULK_TIMEOUT
    ),
    openapi_extra=body_of({NDJSON: REQUEST_LINES}),
    responses=problems(400, 401, 408, 413, 415, 422, 429, 503) | ANSWER_LINES,
)
async def analyze_batch(request: Request, service: Serving) -> Response:
    settings = service.settings
    allowed_ms = timeout_ms(request, MAX_BULK_TIMEOUT_MS)
    deadline_s = time.monotonic() + allowed_ms / 1000 if allowed_ms else math.inf
    media_type(request, NDJSON_NAMES)
    lines = read_lines(request, settings.max_body_bytes, settings.receipt_timeout_s)
    documents = await begun(service.until_draining(lines))  # nothing sent, no call taken
    if not service.bulk_calls.try_take(1):
        raise QueueFull("Too many bulk calls are running; try again later.", BULK_RETRY_S)

    async def analyze(document: bytes) -> Answer:
        return (await _answer(service, document, Lane.BULK, deadline_s))[1]

    return BulkResponse(documents, analyze, service.bulk_calls)


async def _answer(
    service: Service, document: bytes, lane: Lane, deadline_s: float
) -> tuple[Article, Answer]:
    article = await service.parser.article(document, lane)
    article = replace(article, options=service.settings.applied(article.options))
    return article, await service.scheduler.submit(article, lane, deadline_s)


def timeout_ms(request: Request, limit_ms: int) -> int | None:
    """For how long the client waits, where it says so. Raises InvalidRequest out of 1 to the limit.

    The header is not a parameter in the OpenAPI document. Testers try every parameter, and a
    deadline that has passed is a 504, which they take for an error of the server.
    """
    given = ", ".join(request.headers.getlist(TIMEOUT_HEADER))
    if TIMEOUT_HEADER not in request.headers:
        return None
    if not _MILLISECONDS.fullmatch(given) or not 1 <= int(given) <= limit_ms:
        raise InvalidRequest.at(
            f"header.{TIMEOUT_HEADER}",
            f"Send one whole number of milliseconds from 1 to {limit_ms}, or leave it out",
        )
    return int(given)


async def unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client goes. The body has been read."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_departure(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone("The client has gone.")
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


async def _departure(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
