"""The routes of jobs: send an archive, watch it, fetch its scores."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from models.article import Options, Target
from service import validation
from service.api import uploads
from service.api.downloads import Download
from service.api.routing import KnownQuery, Owner, Serving, problems, time_of
from service.archive.errors import storage
from service.archive.formats import FORMATS, JSONL
from service.archive.rows import InputColumns
from service.errors import InvalidRequest, JobsOff, JobUnfinished, JobUnknown
from service.http.bodies import FORM, NDJSON
from service.jobs.in_use import in_use
from service.jobs.runner import JobRunner
from service.jobs.store import JobRecord, JobState
from service.options import Option, spread, to_json
from service.validation import JOB_ID

MAX_PAGE = 100

BINARY = {"type": "string", "format": "binary"}
MEDIA_TYPES = {name: one.media_types[0] for name, one in FORMATS.items()}
BODIES = {media_type: {"schema": BINARY} for media_type in MEDIA_TYPES.values()} | {
    FORM: {
        "schema": {
            "type": "object",
            "properties": {"file": BINARY},
            "required": ["file"],
            "additionalProperties": False,
        },
        "encoding": {"file": {"contentType": ", ".join(MEDIA_TYPES.values())}},
    }
}

FORMAT_QUERY = Query(
    alias="format", description="Of the results.", json_schema_extra={"enum": [*FORMATS]}
)

router = APIRouter(dependencies=[KnownQuery])


def _jobs(service: Serving) -> JobRunner:
    if service.jobs is None:
        raise JobsOff("This service takes no jobs; its operator sets NUTGRAF_DATA for them.")
    return service.jobs


JobsHere = Annotated[JobRunner, Depends(_jobs)]
Column = Annotated[str | None, Query(max_length=200)]


def _job_id(job: str) -> str:
    """The job of a path. Raises JobUnknown for what is no id at all."""
    if not re.fullmatch(JOB_ID, job):
        raise _unknown()
    return job


JobId = Annotated[str, Depends(_job_id)]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job: where it stands and how far it is; `error` says why it failed.

    `file` is what the archive is called: the name that a form gives, without folders, or `input`
    and the ending of its format.

    `progress` counts articles (`articles` to score, `done`, `read` in shards that are not done),
    rows `rejected`, and the pace.
    """

    id: str
    file: str
    state: JobState
    created: str
    finished: str | None
    expires: str | None
    asked: dict[str, Any]
    progress: dict[str, Any]
    error: str | None

    @classmethod
    def of(cls, record: JobRecord, retention_s: float) -> Self:
        ended_s = record.finished_s
        return cls(
            id=record.id,
            file=record.name,
            state=record.state,
            created=time_of(record.created_s),
            finished=None if ended_s is None else time_of(ended_s),
            expires=None if ended_s is None else time_of(ended_s + retention_s),
            asked=dict(record.asked),
            progress=dict(record.progress),
            error=record.error,
        )


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, the newest first; `after` fetches the next page, and is null on the last."""

    jobs: list[JobView]
    after: str | None


def _parameter(option: Option) -> Any:
    """The annotation of an option's query parameter."""
    if option.is_set:
        names = f"{option.description} Some of {', '.join(option.names)}, with commas."
        return Annotated[str | None, Query(description=names)]
    return Annotated[option.limited, Query(description=option.description)]


def _refused(error: ValidationError) -> Exception:
    found = error.errors(include_url=False)[0]
    return InvalidRequest.at(f"query.{found['loc'][0]}", validation.plain(found))


def _asked(  # the columns and options of `nutgraf score`
    text_column: Annotated[str, Query(max_length=200)] = "text",
    title_column: Column = None,
    id_column: Column = None,
    date_column: Column = None,
    target: Annotated[Target | None, Query()] = None,
    target_column: Column = None,
    full: Annotated[bool, Query(description="Add the whole analysis of each row.")] = False,
    format_name: Annotated[str, FORMAT_QUERY] = JSONL.name,
    *,
    options: Options,
) -> dict[str, Any]:
    if format_name not in FORMATS:
        raise InvalidRequest.at("query.format", f"Name one of {', '.join(FORMATS)}")
    columns = InputColumns(text_column, title_column, id_column, target_column, date_column)
    return {
        "columns": asdict(columns),
        **to_json(options),
        "target": target,
        "full": full,
        "format": format_name,
    }


Asked = Annotated[
    dict[str, Any], Depends(spread(_asked, _parameter, _refused, without=("targets",)))
]


@router.post(
    "/v1/jobs",
    status_code=202,
    summary="Score an archive",
    description=(
        "The body is the archive as it is, in the format that its Content-Type names, or a form "
        "with it as its one file. The results are those of `nutgraf score`."
    ),
    openapi_extra={"requestBody": {"required": True, "content": BODIES}},
    responses=problems(400, 401, 403, 408, 413, 415, 422, 503, 507),
)
async def add(
    request: Request,
    response: Response,
    service: Serving,
    jobs: JobsHere,
    owner: Owner,
    asked: Asked,
) -> JobView:
    job, settings = uuid.uuid4().hex, service.settings
    asked["max_error"] = asked["max_error"] or settings.max_error
    directory = jobs.files.directory(job)
    with storage("the archive"), in_use(directory):
        try:
            limit_bytes, timeout_s = settings.max_job_bytes, settings.receipt_timeout_s
            upload = await uploads.receive(request, directory, limit_bytes, timeout_s)
            columns = InputColumns(**asked["columns"])
            await jobs.check(partial(uploads.check, directory / upload.file, columns))
            record = await asyncio.to_thread(
                jobs.store.add, job, owner, upload.file, upload.name, asked
            )
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
    jobs.wake()
    response.headers["Location"] = f"/v1/jobs/{job}"
    return JobView.of(record, jobs.retention_s)


@router.get("/v1/jobs", summary="The jobs, the newest first", responses=problems(401, 422, 503))
async def page(
    jobs: JobsHere,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    after: Annotated[str | None, Query(pattern=JOB_ID)] = None,
) -> JobPage:
    found = await asyncio.to_thread(jobs.store.page, owner, limit + 1, after)
    views = [JobView.of(record, jobs.retention_s) for record in found[:limit]]
    return JobPage(views, views[-1].id if len(found) > limit else None)


@router.get("/v1/jobs/{job}", summary="A job", responses=problems(401, 404, 422, 503))
async def show(job: JobId, jobs: JobsHere, owner: Owner) -> JobView:
    return JobView.of(await _found(jobs, job, owner), jobs.retention_s)


@router.delete("/v1/jobs/{job}", summary="Cancel a job", responses=problems(401, 404, 422, 503))
async def cancel(job: JobId, jobs: JobsHere, owner: Owner) -> JobView:
    record = await asyncio.to_thread(jobs.store.cancel, job, owner)
    if record is None:
        raise _unknown()
    return JobView.of(record, jobs.retention_s)


def _file(*media_types: str) -> dict[int | str, dict[str, Any]]:
    """What the OpenAPI document says of a file that is sent."""
    described = {"content": {media_type: {"schema": BINARY} for media_type in media_types}}
    return {
        200: {**described, "description": "The file"},
        206: {**described, "description": "The bytes that the Range header asks for"},
        **problems(400, 401, 404, 409, 416, 422, 503),
    }


@router.get(
    "/v1/jobs/{job}/results",
    summary="The scores of a job that is done, in the format that was asked for",
    response_class=Download,
    responses=_file(*MEDIA_TYPES.values()),
)
async def results(job: JobId, jobs: JobsHere, owner: Owner) -> Download:
    record = await _done(jobs, job, owner)
    path = jobs.files.results(record)
    media_type = FORMATS[record.asked["format"]].media_types[0]
    return await _download(path, media_type, f"{job}{path.suffix}")


@router.get(
    "/v1/jobs/{job}/rejected",
    summary="The rows of a job that could not be scored, and why",
    response_class=Download,
    responses=_file(NDJSON),
)
async def rejected(job: JobId, jobs: JobsHere, owner: Owner) -> Download:
    await _done(jobs, job, owner)
    path = jobs.files.rejected(job)
    return await _download(path, NDJSON, f"{job}-rejected.jsonl")


async def _download(path: Path, media_type: str, name: str) -> Download:
    try:
        status = await asyncio.to_thread(path.stat)
    except FileNotFoundError:  # it has just expired
        raise _unknown() from None
    return Download(path, media_type=media_type, filename=name, stat_result=status)


async def _found(jobs: JobRunner, job: str, owner: str) -> JobRecord:
    record = await asyncio.to_thread(jobs.store.get, job, owner)
    if record is None:
        raise _unknown()
    return record


async def _done(jobs: JobRunner, job: str, owner: str) -> JobRecord:
    record = await _found(jobs, job, owner)
    if record.state is not JobState.DONE:
        raise JobUnfinished(f"The job is {record.state}; results are there once it is done.")
    return record


def _unknown() -> JobUnknown:
    return JobUnknown("There is no such job; GET /v1/jobs lists yours.")
