"""How exceptions are answered: one table, in the problem details of RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from models.errors import (
    AnalysisError,
    ArticleTooLong,
    ArtifactError,
    EmptyArticle,
    PreparationFailed,
    ReaderMissing,
    TaskMissing,
    UnreadableHtml,
)
from service.archive.errors import StorageFailed
from service.errors import (
    AnalysisFailed,
    AnswerUnknown,
    BodyTooLarge,
    ClientGone,
    DatabaseFull,
    DatabaseUnreachable,
    DeadlinePassed,
    FeedbackOff,
    FeedbackUnknown,
    FieldError,
    Forbidden,
    ForbiddenHost,
    HeaderTooLarge,
    InvalidRequest,
    JobsOff,
    JobUnfinished,
    JobUnknown,
    MalformedBody,
    MalformedRequest,
    ModelUnavailable,
    OutOfMemory,
    QueueFull,
    RangeRefused,
    ReaderUnavailable,
    ReceiptTimeout,
    ReloadRunning,
    ServiceError,
    TargetTooLong,
    TextsNotKept,
    TooManyConnections,
    Unauthorized,
    UnsupportedMedia,
    slug_of,
)

PROBLEM_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """How an exception is answered."""

    status: int
    title: str


PROBLEM_TYPES: Mapping[type[Exception], ProblemType] = {
    MalformedRequest: ProblemType(400, "The request cannot be read"),
    HeaderTooLarge: ProblemType(431, "The header section is too large"),
    TargetTooLong: ProblemType(414, "The URL is too long"),
    TooManyConnections: ProblemType(503, "There are too many connections"),
    MalformedBody: ProblemType(400, "The body cannot be read"),
    InvalidRequest: ProblemType(422, "The request is not valid"),
    UnsupportedMedia: ProblemType(415, "The media type is not supported"),
    BodyTooLarge: ProblemType(413, "The body is too large"),
    RangeRefused: ProblemType(416, "There are no such bytes"),
    ReceiptTimeout: ProblemType(408, "The body came too slowly"),
    ForbiddenHost: ProblemType(400, "The Host header is not valid here"),
    Unauthorized: ProblemType(401, "An API key is needed"),
    Forbidden: ProblemType(403, "This API key may not do this"),
    ReloadRunning: ProblemType(409, "The model cannot be reloaded now"),
    JobsOff: ProblemType(503, "Jobs are not taken here"),
    DatabaseUnreachable: ProblemType(503, "The database cannot be reached"),
    DatabaseFull: ProblemType(507, "There is no room to store it"),
    JobUnknown: ProblemType(404, "There is no such job"),
    JobUnfinished: ProblemType(409, "The job has no results"),
    FeedbackOff: ProblemType(503, "Feedback is not taken here"),
    FeedbackUnknown: ProblemType(404, "There is no such feedback"),
    AnswerUnknown: ProblemType(404, "There is no such answer"),
    TextsNotKept: ProblemType(409, "Texts are not kept here"),
    StorageFailed: ProblemType(507, "There is no room to store it"),
    QueueFull: ProblemType(429, "The queue is full"),
    DeadlinePassed: ProblemType(504, "The deadline has passed"),
    ModelUnavailable: ProblemType(503, "The model is not available"),
    ReaderUnavailable: ProblemType(503, "The reader is not available"),
    OutOfMemory: ProblemType(503, "There is not enough memory"),
    AnalysisFailed: ProblemType(500, "The article could not be analysed"),
    ClientGone: ProblemType(499, "The client has gone"),
    EmptyArticle: ProblemType(422, "There is no text to read"),
    TaskMissing: ProblemType(422, "The model has no such task"),
    ReaderMissing: ProblemType(422, "The model has no such reader"),
    ArticleTooLong: ProblemType(422, "The article is too long"),
    UnreadableHtml: ProblemType(422, "There is no article in the HTML"),
    PreparationFailed: ProblemType(422, "The article could not be prepared"),
    AnalysisError: ProblemType(500, "The article could not be analysed"),
    ArtifactError: ProblemType(422, "The model artifact is not usable"),
}
INTERNAL = ProblemType(500, "The service has failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Problem details of RFC 9457. `errors` says which fields are wrong, where fields are."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str | None = None
    errors: tuple[FieldError, ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """The members that are set."""
        return {name: value for name, value in asdict(self).items() if value}


def problem_type_of(error: Exception) -> ProblemType:
    """How the table answers an exception; one that it does not know is a 500."""
    if isinstance(error, HTTPException):
        return _http_type(error.status_code)
    return next(
        (PROBLEM_TYPES[cls] for cls in type(error).__mro__ if cls in PROBLEM_TYPES), INTERNAL
    )


def problem_of(error: Exception, request_id: str | None = None) -> Problem:
    """The problem that answers an exception."""
    found = problem_type_of(error)
    if isinstance(error, HTTPException):
        detail = _HTTP_DETAILS.get(error.status_code, f"{found.title}.")
    elif found is INTERNAL:
        detail = "Something failed here, not in the request; try again."
    elif isinstance(error, ArtifactError):
        detail = error.problem  # without the server's path
    else:
        detail = str(error)
    return Problem(
        type=f"urn:nutgraf:problem:{_slug(error, found)}",
        title=found.title,
        status=found.status,
        detail=_sentence(detail),
        request_id=request_id,
        errors=error.fields if isinstance(error, InvalidRequest) and error.fields else None,
    )


def problem_response(error: Exception, request_id: str | None = None) -> JSONResponse:
    """The response that answers an exception, with the headers that go with its status."""
    problem = problem_of(error, request_id)
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    if isinstance(error, ServiceError) and error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, RangeRefused):
        headers["Content-Range"] = f"bytes */{error.size_bytes}"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem.to_json(), problem.status, headers=headers, media_type=PROBLEM_TYPE)


_HTTP_DETAILS = {
    404: "There is nothing at this path; GET /docs lists what there is.",
    405: "This path does not take this method; the Allow header says which it takes.",
}


def _http_type(status: int) -> ProblemType:
    return ProblemType(status, HTTPStatus(status).phrase)


def _slug(error: Exception, found: ProblemType) -> str:
    if isinstance(error, HTTPException):
        return found.title.lower().replace(" ", "-")
    return "internal-error" if found is INTERNAL else slug_of(error)


def _sentence(detail: str) -> str:
    """The models' errors are clauses, as exceptions are; an answer speaks in sentences."""
    sentence = detail[:1].upper() + detail[1:].rstrip(".")
    return sentence if sentence.endswith("?") else sentence + "."
