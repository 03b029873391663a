"""What can go wrong with a request, and the one table of how it is answered (RFC 9457).

    NutgrafError
    └── ServiceError
        ├── MalformedRequest    not HTTP, or of two minds about where its body ends
        ├── MalformedBody       not UTF-8, not JSON, or a shape no request has
        ├── InvalidRequest      JSON, but not what the route takes
        ├── UnsupportedMedia    another media type, or a compressed body
        ├── BodyTooLarge        longer than a body or a line may be
        ├── RangeRefused        no such bytes in the file
        ├── TooManyItems        more articles than a call may hold
        ├── ReceiptTimeout      the body came too slowly
        ├── ForbiddenHost       a Host that this service does not answer to
        ├── Unauthorized        no valid API key
        ├── Forbidden           a key that may not do this
        ├── JobsOff             this service takes no jobs
        ├── JobsUnreachable     the database of jobs, or their directory, is not there
        ├── JobUnknown          there is no such job, or it is another's
        ├── JobUnfinished       a job without results, or without them yet
        ├── ReloadRunning       a reload is under way, or is the operator's to do
        ├── QueueFull           more is waiting than the queue may hold
        ├── DeadlinePassed      the time ran out before the model was free
        ├── ModelUnavailable    the model is not running, or is being stopped
        ├── OutOfMemory         this one article needs more memory than there is
        ├── AnalysisFailed      the model raised on this one article
        └── ClientGone          nobody is there to read the answer

A message is one sentence or two: what is wrong and the way out. It never holds input.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
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
    NutgrafError,
    PreparationFailed,
    UnreadableHtml,
)
from service.stops import StorageFailed

PROBLEM_TYPE = "application/problem+json"
MAX_FIELD_ERRORS = 10


class ServiceError(NutgrafError):
    """`retry_after_s` says when to try again, where trying again makes sense."""

    def __init__(self, detail: str, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class MalformedRequest(ServiceError):
    """Not HTTP, or of two minds about where its body ends."""


class MalformedBody(ServiceError):
    """Not UTF-8, not JSON, or a shape no request has."""


class InvalidRequest(ServiceError):
    """JSON, but not what the route takes; `fields` says where."""

    def __init__(self, detail: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.fields = fields

    @classmethod
    def of(cls, found: Sequence[Mapping[str, Any]], known: Collection[str]) -> InvalidRequest:
        """What pydantic found, without the input: only `known` names of fields are repeated."""
        fields = tuple(
            FieldError(_path(item["loc"], known), _PLAIN.get(item["type"], item["msg"]))
            for item in found[:MAX_FIELD_ERRORS]
        )
        return cls(f"{fields[0].field}: {fields[0].problem}.", fields)


class UnsupportedMedia(ServiceError):
    """Another media type, or a compressed body."""


class BodyTooLarge(ServiceError):
    """Longer than a body or a line may be."""


class RangeRefused(ServiceError):
    """No such bytes in the file, which has `size_bytes`."""

    def __init__(self, detail: str, size_bytes: int) -> None:
        super().__init__(detail)
        self.size_bytes = size_bytes


class TooManyItems(ServiceError):
    """More articles than a call may hold."""


class ReceiptTimeout(ServiceError):
    """The body came too slowly."""


class ForbiddenHost(ServiceError):
    """A Host that this service does not answer to."""


class Unauthorized(ServiceError):
    """No valid API key."""


class Forbidden(ServiceError):
    """A key that may not do this."""


class ReloadRunning(ServiceError):
    """A reload is under way, or is the operator's to do."""


class JobsOff(ServiceError):
    """This service takes no jobs."""


class JobsUnreachable(ServiceError):
    """The database of jobs, or their directory, is not there."""


class JobUnknown(ServiceError):
    """There is no such job, or it is another's."""


class JobUnfinished(ServiceError):
    """A job without results, or without them yet."""


class QueueFull(ServiceError):
    """More is waiting than the queue may hold."""


class DeadlinePassed(ServiceError):
    """The time ran out before the model was free."""


class ModelUnavailable(ServiceError):
    """The model is not running, or is being stopped."""


class OutOfMemory(ServiceError):
    """This one article needs more memory than there is."""


class AnalysisFailed(ServiceError):
    """The model raised on this one article."""


class ClientGone(ServiceError):
    """Nobody is there to read the answer."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """A field of the request, as a dotted path, and what is wrong with it."""

    field: str
    problem: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How an exception is answered."""

    status: int
    slug: str
    title: str


KINDS: Mapping[type[Exception], Kind] = {
    MalformedRequest: Kind(400, "malformed-request", "The request cannot be read"),
    MalformedBody: Kind(400, "malformed-body", "The body cannot be read"),
    InvalidRequest: Kind(422, "invalid-request", "The request is not valid"),
    UnsupportedMedia: Kind(415, "unsupported-media", "The media type is not supported"),
    BodyTooLarge: Kind(413, "body-too-large", "The body is too large"),
    RangeRefused: Kind(416, "range-refused", "There are no such bytes"),
    TooManyItems: Kind(413, "too-many-items", "There are too many articles in the call"),
    ReceiptTimeout: Kind(408, "receipt-timeout", "The body came too slowly"),
    ForbiddenHost: Kind(400, "forbidden-host", "The Host header is not valid here"),
    Unauthorized: Kind(401, "unauthorized", "An API key is needed"),
    Forbidden: Kind(403, "forbidden", "This API key may not do this"),
    ReloadRunning: Kind(409, "reload-running", "The model cannot be reloaded now"),
    JobsOff: Kind(503, "jobs-off", "Jobs are not taken here"),
    JobsUnreachable: Kind(503, "jobs-unreachable", "The jobs cannot be reached"),
    JobUnknown: Kind(404, "job-unknown", "There is no such job"),
    JobUnfinished: Kind(409, "job-unfinished", "The job has no results"),
    StorageFailed: Kind(507, "storage-failed", "There is no room to store it"),
    QueueFull: Kind(429, "queue-full", "The queue is full"),
    DeadlinePassed: Kind(504, "deadline-passed", "The deadline has passed"),
    ModelUnavailable: Kind(503, "model-unavailable", "The model is not available"),
    OutOfMemory: Kind(503, "out-of-memory", "There is not enough memory"),
    AnalysisFailed: Kind(500, "analysis-failed", "The article could not be analysed"),
    ClientGone: Kind(499, "client-gone", "The client has gone"),
    EmptyArticle: Kind(422, "empty-article", "There is no text to read"),
    ArticleTooLong: Kind(422, "article-too-long", "The article is too long"),
    UnreadableHtml: Kind(422, "unreadable-html", "There is no article in the HTML"),
    PreparationFailed: Kind(422, "preparation-failed", "The article could not be prepared"),
    AnalysisError: Kind(500, "analysis-failed", "The article could not be analysed"),
    ArtifactError: Kind(422, "artifact-refused", "The model artifact is not usable"),
}
INTERNAL = Kind(500, "internal-error", "The service has failed")


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


def kind_of(error: Exception) -> Kind:
    """How the table answers an exception; one that it does not know is a 500."""
    if isinstance(error, HTTPException):
        return _http_kind(error.status_code)
    return next((KINDS[cls] for cls in type(error).__mro__ if cls in KINDS), INTERNAL)


def problem_of(error: Exception, request_id: str | None = None) -> Problem:
    """The problem that answers an exception."""
    kind = kind_of(error)
    if isinstance(error, HTTPException):
        detail = _HTTP_DETAILS.get(error.status_code, f"{kind.title}.")
    elif kind is INTERNAL:
        detail = "Something failed here, not in the request; try again."
    elif isinstance(error, ArtifactError):
        detail = error.problem  # without the server's path
    else:
        detail = str(error)
    return Problem(
        type=f"urn:nutgraf:problem:{kind.slug}",
        title=kind.title,
        status=kind.status,
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


# What pydantic says of these is not for a reader.
_PLAIN = {
    "string_pattern_mismatch": "There is no letter and no digit in it",
    "string_unicode": "There is half a surrogate pair in it, which is no character",
    "extra_forbidden": "There is no such field",
    "model_type": "It is not a JSON object",
}


def _http_kind(status: int) -> Kind:
    phrase = HTTPStatus(status).phrase
    return Kind(status, phrase.lower().replace(" ", "-"), phrase)


def _sentence(detail: str) -> str:
    """The models' errors are clauses, as exceptions are; an answer speaks in sentences."""
    return detail[:1].upper() + detail[1:].rstrip(".") + "."


def _path(loc: Sequence[int | str], known: Collection[str]) -> str:
    steps = [str(step) if isinstance(step, int) or step in known else "(unknown)" for step in loc]
    return ".".join(steps) or "body"
