"""What can go wrong with a request or a service. How HTTP answers it is in `service.http.problems`.

A message is one sentence or two: what is wrong and the way out. It never holds input, but for the
name of a field that is not known, where it is a plain identifier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import AnalysisError, ArtifactError, NutgrafError
from service import validation

MAX_FIELD_ERRORS = 10
NO_FIELDS: Mapping[str, Sequence[str]] = {}


class ModelFailed(NutgrafError):
    """The model answers nothing, not even a text of its own."""


class ReaderUnavailable(ModelFailed):
    """A reader that is needed cannot be loaded. What needs none is answered."""


class ServiceError(NutgrafError):
    """`retry_after_s` says when to try again, where trying again makes sense."""

    def __init__(self, detail: str, retry_after_s: int | None = None) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class MalformedRequest(ServiceError):
    """Not HTTP, or two readers could disagree about where its body ends."""


class HeaderTooLarge(ServiceError):
    """More header fields, or longer ones, than a request may have."""


class TargetTooLong(ServiceError):
    """A longer URL than a request may have."""


class TooManyConnections(ServiceError):
    """No connection is free for another."""


class MalformedBody(ServiceError):
    """Not UTF-8, not JSON, or a shape no request has."""


class InvalidRequest(ServiceError):
    """JSON, but not what the route takes; `fields` says where."""

    def __init__(self, detail: str, fields: tuple[FieldError, ...] = ()) -> None:
        super().__init__(detail)
        self.fields = fields

    @classmethod
    def at(cls, field: str, problem: str) -> InvalidRequest:
        """One field, and what is wrong with it."""
        return cls(f"`{field}`: {problem}", (FieldError(field, problem),))

    @classmethod
    def of(
        cls,
        found: Sequence[Mapping[str, Any]],
        sent: Any = None,
        known: Mapping[str, Sequence[str]] = NO_FIELDS,
    ) -> InvalidRequest:
        """What pydantic found in the object that was `sent`, in plain words and without the input.

        `known` are the fields of an object, by the object's path.
        """
        fields = tuple(_field_error(item, sent, known) for item in found[:MAX_FIELD_ERRORS])
        first = fields[0]
        is_told = found[0]["type"] == "extra_forbidden" or not found[0]["loc"]
        return cls(first.problem if is_told else f"`{first.field}`: {first.problem}", fields)


class UnsupportedMedia(ServiceError):
    """Another media type, or a compressed body."""


class BodyTooLarge(ServiceError):
    """Longer than a body or a line may be."""


class RangeRefused(ServiceError):
    """No such bytes in the file, which has `size_bytes`."""

    def __init__(self, detail: str, size_bytes: int) -> None:
        super().__init__(detail)
        self.size_bytes = size_bytes


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


class DatabaseUnreachable(ServiceError):
    """The database, or the directory for its files, is not there."""


class DatabaseFull(DatabaseUnreachable):
    """There is no room on the disk of the database."""


class DatabaseNewer(DatabaseUnreachable):
    """The database was made by a newer version."""


class JobUnknown(ServiceError):
    """There is no such job, or it is another's."""


class JobUnfinished(ServiceError):
    """A job without results, or without them yet."""


class FeedbackOff(ServiceError):
    """This service takes no feedback."""


class TextsNotKept(ServiceError):
    """A text that this service may not keep."""


class FeedbackUnknown(ServiceError):
    """There is no such correction, or it is another's."""


class AnswerUnknown(ServiceError):
    """No answer is kept of this request, or it is another's."""


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


def slug_of(error: Exception) -> str:
    """What an error is called in problems and metrics: `queue-full` for QueueFull."""
    for cls, slug in _SLUGS.items():
        if isinstance(error, cls):
            return slug
    name = type(error).__name__ if isinstance(error, NutgrafError) else "InternalError"
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


_SLUGS = {AnalysisError: "analysis-failed", ArtifactError: "artifact-refused"}


def _field_error(
    found: Mapping[str, Any], sent: Any, known: Mapping[str, Sequence[str]]
) -> FieldError:
    *parents, name = found["loc"] or ("",)
    field = validation.path(found["loc"], sent) or "body"
    if found["type"] != "extra_forbidden":
        return FieldError(field, validation.plain(found))
    for step in parents:
        sent = sent[step]
    within = validation.path(parents)
    place = validation.position(sent, name)
    names = known.get(within, ())
    return FieldError(field, validation.unknown("field", name, place, names, within))
