"""The routes of jobs: send an archive, watch it, fetch its scores."""

from __future__ import annotations

import asyncio
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import FileResponse, Response

from models.article import ALL_TASKS, Style, Task
from service.bodies import NDJSON, NDJSON_NAMES, media_type, read_chunks
from service.errors import BodyTooLarge, InvalidRequest, JobsOff, JobUnfinished, JobUnknown
from service.jobs import OUTPUT, Jobs
from service.request import REJECTED
from service.routes import Serving, problems
from service.rows import MAX_TARGET_CHARS, Columns
from service.schemas import WORDS_RANGE
from service.stops import storage
from service.store import JobRecord, JobState

CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
FILES = {**dict.fromkeys(NDJSON_NAMES, "input.jsonl"), CSV: "input.csv", PARQUET: "input.parquet"}
MAX_PAGE = 100

router = APIRouter()


def _jobs(service: Serving) -> Jobs:
    if service.jobs is None:
        raise JobsOff("This service takes no jobs; its operator sets NUTGRAF_DATA for them.")
    return service.jobs


def _owner(request: Request) -> str:
    """Whose jobs these are: the name of the key, empty where no keys are asked for."""
    return str(request.scope["state"].get("key") or "")


JobsHere = Annotated[Jobs, Depends(_jobs)]
Owner = Annotated[str, Depends(_owner)]
Column = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job: where it stands and how far it is; `error` says why it failed.

    `progress` counts articles (`articles` to score, `done`), rows `rejected`, and the pace.
    """

    id: str
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
            state=record.state,
            created=_time(record.created_s),
            finished=None if ended_s is None else _time(ended_s),
            expires=None if ended_s is None else _time(ended_s + retention_s),
            asked=dict(record.asked),
            progress=dict(record.progress),
            error=record.error,
        )


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, the newest first; `after` fetches the next page, and is null on the last."""

    jobs: list[JobView]
    after: str | None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _asked(  # the columns and options of `nutgraf score`
    text_column: Annotated[str, Query(max_length=200)] = "text",
    title_column: Column = None,
    id_column: Column = None,
    date_column: Column = None,
    target: Annotated[str | None, Query(min_length=1, max_length=MAX_TARGET_CHARS)] = None,
    target_column: Column = None,
    tasks: Annotated[str, Query(description="Some of topic, stance, summary.")] = ",".join(
        sorted(ALL_TASKS)
    ),
    style: Style = Style.WRITTEN,
    max_words: Annotated[int, Query(ge=WORDS_RANGE[0], le=WORDS_RANGE[1])] = 60,
    full: Annotated[bool, Query(description="Add the whole analysis of each row.")] = False,
) -> dict[str, Any]:
    try:
        chosen = sorted({Task(task.strip()) for task in tasks.split(",")})
    except ValueError:
        raise InvalidRequest("tasks: name some of topic, stance, summary.") from None
    columns = Columns(text_column, title_column, id_column, target_column, date_column)
    return {
        "columns": asdict(columns),
        "tasks": chosen,
        "style": style,
        "max_words": max_words,
        "target": target,
        "full": full,
    }


@router.post(
    "/v1/jobs",
    status_code=202,
    summary="Score an archive",
    description="The body is the archive as it is: NDJSON, CSV or Parquet, by its Content-Type.",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in (NDJSON, CSV, PARQUET)
            },
        }
    },
    responses=problems(400, 401, 408, 413, 415, 422, 503, 507),
)
async def add(
    request: Request,
    response: Response,
    service: Serving,
    jobs: JobsHere,
    owner: Owner,
    asked: Annotated[dict[str, Any], Depends(_asked)],
) -> JobView:
    file = FILES[media_type(request, FILES)]
    job, settings = uuid.uuid4().hex, service.settings
    directory = jobs.directory(job)
    try:
        with storage("the archive"):
            directory.mkdir()
            limit_bytes, timeout_s = settings.max_job_bytes, settings.receipt_timeout_s
            await _store(request, directory / file, limit_bytes, timeout_s)
        record = await asyncio.to_thread(jobs.store.add, job, owner, file, asked)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    jobs.wake()
    response.headers["Location"] = f"/v1/jobs/{job}"
    return JobView.of(record, jobs.retention_s)


async def _store(request: Request, path: Path, limit_bytes: int, timeout_s: float) -> None:
    """Writes the body to disk. Raises BodyTooLarge, InvalidRequest where there is none."""
    size_bytes = 0
    with path.open("wb") as file:
        async for chunk in read_chunks(request, timeout_s):
            size_bytes += len(chunk)
            if size_bytes > limit_bytes:
                raise BodyTooLarge(f"The archive is longer than {limit_bytes} bytes; send parts.")
            await asyncio.to_thread(file.write, chunk)
        if not size_bytes:
            raise InvalidRequest("Send the archive as the body.")
        await asyncio.to_thread(_flush, file)


def _flush(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


@router.get("/v1/jobs", summary="The jobs, the newest first", responses=problems(401, 422, 503))
async def page(
    jobs: JobsHere,
    owner: Owner,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    after: Annotated[str | None, Query(max_length=32)] = None,
) -> JobPage:
    found = await asyncio.to_thread(jobs.store.page, owner, limit + 1, after)
    views = [JobView.of(record, jobs.retention_s) for record in found[:limit]]
    return JobPage(views, views[-1].id if len(found) > limit else None)


@router.get("/v1/jobs/{job}", summary="A job", responses=problems(401, 404, 503))
async def show(job: str, jobs: JobsHere, owner: Owner) -> JobView:
    return JobView.of(await _found(jobs, job, owner), jobs.retention_s)


@router.delete("/v1/jobs/{job}", summary="Cancel a job", responses=problems(401, 404, 503))
async def cancel(job: str, jobs: JobsHere, owner: Owner) -> JobView:
    record = await asyncio.to_thread(jobs.store.cancel, job, owner)
    if record is None:
        raise _unknown()
    return JobView.of(record, jobs.retention_s)


LINES: Mapping[int | str, dict[str, Any]] = {
    200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "JSON lines"}
}


@router.get(
    "/v1/jobs/{job}/results",
    summary="The scores of a job that is done, a line a row; ranges are answered",
    response_class=FileResponse,
    responses=problems(401, 404, 409, 503) | dict(LINES),
)
async def results(job: str, jobs: JobsHere, owner: Owner) -> FileResponse:
    await _done(jobs, job, owner)
    return FileResponse(jobs.results(job), media_type=NDJSON)


@router.get(
    "/v1/jobs/{job}/rejected",
    summary="The rows of a job that could not be scored, and why",
    response_class=FileResponse,
    responses=problems(401, 404, 409, 503) | dict(LINES),
)
async def rejected(job: str, jobs: JobsHere, owner: Owner) -> FileResponse:
    await _done(jobs, job, owner)
    return FileResponse(jobs.directory(job) / OUTPUT / REJECTED, media_type=NDJSON)


async def _found(jobs: Jobs, job: str, owner: str) -> JobRecord:
    record = await asyncio.to_thread(jobs.store.get, job, owner)
    if record is None:
        raise _unknown()
    return record


async def _done(jobs: Jobs, job: str, owner: str) -> None:
    record = await _found(jobs, job, owner)
    if record.state is not JobState.DONE:
        raise JobUnfinished(f"The job is {record.state}; results are there once it is done.")


def _unknown() -> JobUnknown:
    return JobUnknown("There is no such job; GET /v1/jobs lists yours.")
