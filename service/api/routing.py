"""What the routes share: the service, the check of the query, the parts of the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import TypeAdapter

from service import validation
from service.api.lifecycle import Service
from service.errors import FieldError, InvalidRequest
from service.http.problems import PROBLEM_TYPE, Problem

REF = "#/components/schemas/{model}"

_referred: dict[str, Any] = {}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


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


def _owner(request: Request) -> str:
    """Whose a request is: the name of its key, empty where no keys are asked for."""
    return str(request.scope["state"].get("key") or "")


def time_of(seconds: float) -> str:
    """A time in seconds since 1970 as an answer shows it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


Serving = Annotated[Service, Depends(_service)]
Owner = Annotated[str, Depends(_owner)]
KnownQuery = Depends(check_query)


def ref(type_: Any) -> dict[str, str]:
    """A reference to the JSON schema of a type. `schemas` adds that to the OpenAPI document."""
    _referred[type_.__name__] = type_
    return {"$ref": REF.format(model=type_.__name__)}


def schemas() -> dict[str, Any]:
    """The schemas of all types that `ref` was called for, and of the types inside them."""
    found: dict[str, Any] = {}
    for name, type_ in _referred.items():
        schema = TypeAdapter(type_).json_schema(ref_template=REF)
        found |= schema.pop("$defs", {})
        found[name] = schema
    return found


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that a route may answer with, for the OpenAPI document."""
    content = {PROBLEM_TYPE: {"schema": ref(Problem)}}
    return {status: {"content": content, "description": "Problem"} for status in statuses}


def body_of(content: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The body that a route reads itself, for the OpenAPI document: a schema by media type."""
    described = {media_type: {"schema": schema} for media_type, schema in content.items()}
    return {"requestBody": {"required": True, "content": described}}
