"""Health and metrics of the service."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from service.api.routing import Serving, problems
from service.api.schemas import Health
from service.errors import ModelUnavailable
from service.inference.scheduler import State

router = APIRouter()


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
