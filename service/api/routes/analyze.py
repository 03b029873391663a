"""The routes: each reads its request, asks the scheduler, and answers."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from models.labels import Label
from service import validation
from service.api.lifecycle import Service
from service.api.schemas import Health, ModelReport
from service.api.security import check_admin
from service.api.stream import BulkResponse, Documents, begun, listed
from service.api.tracing import trace_stages
from service.errors import (
    ClientGone,
    FieldError,
    InvalidRequest,
    ModelUnavailable,
    QueueFull,
    ReloadRunning,
)
from service.http.bodies import JSON, NDJSON, NDJSON_NAMES, media_type, read_body, read_lines
from service.http.problems import PROBLEM_TYPE
from service.inference.answer import Answer, as_json
from service.inference.batching import Lane
from service.inference.scheduler import State

TIMEOUT_HEADER = "X-Request-Timeout-Ms"
MAX_BULK_TIMEOUT_MS = 600_000
BULK_RETRY_S = 10
ARRAY_BODIES = 8  # a bulk array may be as long as so many bodies
MEDIA_TYPES = {"json": JSON, "ndjson": NDJSON}
BULK_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A BulkAnswer or a BulkProblem on each line.",
        "content": {NDJSON: {"schema": {"type": "string"}}},
    }
}

_MILLISECONDS = re.compile(r"[0-9]{1,15}")

router = APIRouter()
T = TypeVar("T")


async def check_query(request: Request) -> None:
    """Raises InvalidRequest for a query parameter that the route does not have, or has twice."""
    if not request.scope["query_string"]:
        return
    path = request.scope["route"].path
    operation = request.app.openapi()["paths"][path][request.method.lower()]
    known = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    seen: set[str] = set()
    for place, (name, _) in enumerate(request.query_params.multi_items(), 1):
        field = f"query.{name}" if validation.is_nameable(name) else f"query.({place})"
        if name not in known:
            problem = validation.unknown("query parameter", name, place, known)
            raise InvalidRequest(problem, (FieldError(field, problem),))
        if name in seen:
            raise InvalidRequest.at(field, "It is there twice; keep one of them")
        seen.add(name)


def timeout_ms(request: Request, limit_ms: int) -> int | None:
    """For how long the client waits, where it says so. Raises InvalidRequest out of 1 to the limit.

    The header is not in the OpenAPI document: what is told there is tried, and a deadline that has
    passed is a 504, which every tester takes for a fault of the server.
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


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Serving = Annotated[Service, Depends(_service)]
KnownQuery = Depends(check_query)
TIMEOUT_NOTE = (
    "The header X-Request-Timeout-Ms says for how many milliseconds an answer is worth waiting "
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


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for the OpenAPI document."""
    content = {PROBLEM_TYPE: {"schema": ref("Problem")}}
    return {status: {"content": content, "description": "Problem"} for status in statuses}


def body_of(**schemas: dict[str, Any]) -> dict[str, Any]:
    """The body of a route, for the OpenAPI document: what each media type holds."""
    content = {MEDIA_TYPES[name]: {"schema": schema} for name, schema in schemas.items()}
    return {"requestBody": {"required": True, "content": content}}


def ref(schema: str) -> dict[str, str]:
    """A schema of the OpenAPI document, by name."""
    return {"$ref": f"#/components/schemas/{schema}"}


ONE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The answer.", "content": {JSON: {"schema": ref("Answer")}}}
}


@router.post(
    "/v1/analyze",
    summary="Topic, stance and summary of one article",
    description=ONE_TIMEOUT,
    dependencies=[KnownQuery],
    openapi_extra=body_of(json=ref("AnalyzeRequest")),
    responses=problems(400, 401, 408, 413, 415, 422, 429, 500, 503, 504) | ONE_ANSWER,
)
async def analyze(request: Request, service: Serving) -> Response:
    settings = service.settings
    allowed_ms = timeout_ms(request, settings.request_timeout_ms) or settings.request_timeout_ms
    deadline_s = time.monotonic() + allowed_ms / 1000
    media_type(request, {JSON})
    body = await read_body(request, settings.max_body_bytes, settings.receipt_timeout_s)
    answer = await unless_gone(request, _answer(service, body, Lane.INTERACTIVE, deadline_s))
    trace_stages(answer.timing_ms)
    request.state.noted = {"tokens": answer.input.tokens, "model_ms": answer.timing_ms.model}
    return Response(as_json(answer), media_type=JSON)


@router.post(
    "/v1/analyze/batch",
    summary="Many articles; a line for each as it is done",
    description=(
        "The body is a JSON array of articles, or NDJSON: one article a line, for as long as you "
        "like. Each line of the answer says in `index` which article it is about, counted from 0; "
        "an article that fails has a `problem` there and harms no other. Read while you send: past "
        "8 MiB of answers that nobody reads, the service stops reading too. " + BULK_TIMEOUT
    ),
    dependencies=[KnownQuery],
    openapi_extra=body_of(
        json=ref("AnalyzeRequests"),
        ndjson={"type": "string", "description": "An AnalyzeRequest on each line."},
    ),
    responses=problems(400, 401, 408, 413, 415, 422, 429, 503) | BULK_LINES,
)
async def analyze_batch(request: Request, service: Serving) -> Response:
    allowed_ms = timeout_ms(request, MAX_BULK_TIMEOUT_MS)
    deadline_s = time.monotonic() + allowed_ms / 1000 if allowed_ms else math.inf
    documents = await begun(await documents_of(request, service))  # nothing sent, no call taken
    if not service.bulk_calls.try_take(1):
        raise QueueFull("Too many bulk calls are running; try again later.", BULK_RETRY_S)

    async def analyze(document: bytes | str) -> Answer:
        return await _answer(service, document, Lane.BULK, deadline_s)

    return BulkResponse(documents, analyze, service.bulk_calls)


async def _answer(service: Service, document: bytes | str, lane: Lane, deadline_s: float) -> Answer:
    article = await service.parser.article(document, lane)
    return await service.scheduler.submit(article, lane, deadline_s)


async def documents_of(request: Request, service: Service) -> Documents:
    """The articles of a bulk body, unparsed: a stream of lines, or the items of an array."""
    settings = service.settings
    if media_type(request, {JSON, *NDJSON_NAMES}).name != JSON:
        lines = read_lines(request, settings.max_body_bytes, settings.receipt_timeout_s)
        return service.until_draining(lines)
    limit_bytes = ARRAY_BODIES * settings.max_body_bytes
    body = await read_body(request, limit_bytes, settings.receipt_timeout_s)
    items = await service.parser.items(body, settings.max_bulk_items, settings.max_body_bytes)
    return listed(items)


@router.get(
    "/v1/labels",
    summary="The labels that the model tells apart",
    dependencies=[KnownQuery],
    responses=problems(401, 422),
)
async def labels(service: Serving) -> dict[str, tuple[Label, ...]]:
    return dict(service.scheduler.model.info.labels)


@router.get(
    "/v1/model",
    summary="The model and its settings",
    dependencies=[KnownQuery],
    responses=problems(401, 422),
)
async def model(service: Serving) -> ModelReport:
    return ModelReport.of(service.scheduler.model.info, service.settings.public())


@router.post(
    "/v1/model/reload",
    summary="Load the configured model again",
    dependencies=[KnownQuery],
    responses=problems(401, 403, 409, 422),
)
async def reload(request: Request, service: Serving) -> ModelReport:
    check_admin(request.scope)
    if service.settings.workers > 1:
        raise ReloadRunning("Send SIGHUP to the service: each of its workers has a model.")
    if await read_body(request, 1024, service.settings.receipt_timeout_s):
        raise InvalidRequest("Send no body: what is loaded is the model that is configured.")
    model = await service.reload()
    return ModelReport.of(model.info, service.settings.public())


@router.get("/livez", summary="Whether the process answers")
async def livez() -> Health:
    return Health("alive")


@router.get("/readyz", summary="Whether the model answers", responses=problems(401, 503))
async def readyz(service: Serving) -> Health:
    state = service.scheduler.state
    if state is not State.READY:
        raise ModelUnavailable(f"The service is {state}.", 5)
    return Health(state)


@router.get("/metrics", include_in_schema=False)
async def metrics(service: Serving) -> Response:
    return Response(service.metrics.expose(), media_type=CONTENT_TYPE_LATEST)


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
