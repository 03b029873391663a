"""The ASGI application: routes, errors and middlewares put together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from models.errors import NutgrafError
from service.api.access_log import AccessLog
from service.api.lifecycle import Service
from service.api.routes import routers
from service.api.routing import schemas
from service.api.security import AuthMiddleware
from service.api.tracing import telemetry
from service.errors import InvalidRequest
from service.http.problems import problem_response
from service.settings import Settings
from service.version import package_version

ROUTERS = routers()


def create_app(service: Service) -> FastAPI:
    """The application of a service; its lifespan is the service's."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="nutgraf",
        summary="Topic, stance and short summary of news articles.",
        version=package_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=telemetry(),
    )
    app.state.service = service
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(AuthMiddleware, settings=service.settings)
    app.add_middleware(AccessLog, metrics=service.metrics)
    for error in (NutgrafError, HTTPException):
        app.add_exception_handler(error, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.openapi = lambda: _openapi(app, service.settings)  # type: ignore[method-assign]
    return app


async def _answer_error(request: Request, error: Exception) -> Response:
    response = problem_response(error, request.state.request_id)
    if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(_methods_of(request.url.path)))
    return response


def _methods_of(path: str) -> set[str]:
    """All methods of a path; the router names those of the first route that it meets.

    A path that is a route's own is not taken for the id of another route.
    """
    paths = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    own = [route for route in paths if route.path == path]
    found = own or [route for route in paths if route.path_regex.match(path)]
    return {method for route in found for method in route.methods or ()}


async def _answer_invalid(request: Request, error: Exception) -> Response:
    found = cast(RequestValidationError, error).errors()
    invalid = InvalidRequest.of(found)
    return problem_response(invalid, request.state.request_id)


def _openapi(app: FastAPI, settings: Settings) -> dict[str, Any]:
    """The document with the schemas of the bodies that the routes read themselves."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        document["components"]["schemas"] |= schemas()
        if settings.keys:
            document["components"]["securitySchemes"] = {
                "key": {"type": "http", "scheme": "bearer"}
            }
            document["security"] = [{"key": []}]
        app.openapi_schema = document
    return app.openapi_schema
