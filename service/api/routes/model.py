"""The model that answers: its labels, its figures, and how to load it again."""

from __future__ import annotations

from fastapi import APIRouter, Request

from models.labels import Label
from service.api.routing import KnownQuery, Serving, problems
from service.api.schemas import ModelReport
from service.api.security import check_admin
from service.errors import InvalidRequest, ReloadRunning
from service.http.bodies import read_body

MAX_RELOAD_BYTES = 1024  # of a body that is refused anyway

router = APIRouter(dependencies=[KnownQuery])


@router.get(
    "/v1/labels", summary="The labels that the model tells apart", responses=problems(401, 422)
)
async def labels(service: Serving) -> dict[str, tuple[Label, ...]]:
    return dict(service.scheduler.model.info.labels)


@router.get("/v1/model", summary="The model and its settings", responses=problems(401, 422))
async def model(service: Serving) -> ModelReport:
    return ModelReport.of(service.scheduler.model.info, service.settings.public())


@router.post(
    "/v1/model/reload",
    summary="Load the configured model again",
    responses=problems(401, 403, 409, 422),
)
async def reload(request: Request, service: Serving) -> ModelReport:
    check_admin(request.scope)
    if service.settings.workers > 1:
        raise ReloadRunning("Send SIGHUP to the service: each of its workers has a model.")
    if await read_body(request, MAX_RELOAD_BYTES, service.settings.receipt_timeout_s):
        raise InvalidRequest("Send no body: what is loaded is the model that is configured.")
    model = await service.reload()
    return ModelReport.of(model.info, service.settings.public())
