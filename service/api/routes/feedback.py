"""The routes of feedback: correct an answer, see who corrected what, erase it, label on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Self

from fastapi import APIRouter, Depends, Query, Request

from models.analysis import Score
from service.api.routing import KnownQuery, Owner, Serving, body_of, problems, ref, time_of
from service.errors import AnswerUnknown, FeedbackOff, FeedbackUnknown, TextsNotKept
from service.feedback import queue
from service.feedback.agreement import changes, disputed
from service.feedback.correction import (
    Correction,
    Person,
    check_labels,
    read_correction,
)
from service.feedback.keeper import Feedback
from service.feedback.store import Candidate, FeedbackRecord, Viewer
from service.http.bodies import JSON, media_type, read_body
from service.inference.batching import Lane
from service.validation import JOB_ID

MAX_PAGE = 100
MAX_QUEUE = 50

router = APIRouter(dependencies=[KnownQuery])


def _feedback(service: Serving) -> Feedback:
    if service.feedback is None:
        raise FeedbackOff("This service takes no feedback; its operator sets NUTGRAF_DATA for it.")
    return service.feedback


def _viewer(request: Request, owner: Owner) -> Viewer:
    """A key sees its own feedback, and an admin key all."""
    return Viewer(owner, sees_all=bool(request.scope["state"].get("admin")))


def _feedback_id(feedback: str) -> str:
    """The correction of a path. Raises FeedbackUnknown for what is no id at all."""
    if not re.fullmatch(JOB_ID, feedback):
        raise _unknown()
    return feedback


FeedbackHere = Annotated[Feedback, Depends(_feedback)]
Asking = Annotated[Viewer, Depends(_viewer)]
FeedbackId = Annotated[str, Depends(_feedback_id)]


@dataclass(frozen=True, slots=True)
class Answered:
    """What the model had answered: its `digest` is `model`; what was not asked for is null."""

    model: str
    topic: str | None = None
    stance: list[StanceView] | None = None
    summary: str | None = None

    @classmethod
    def of(cls, answered: Mapping[str, Any]) -> Self:
        stances = answered.get("stance")
        shown = None if stances is None else [StanceView(**one) for one in stances]
        return cls(**{**answered, "stance": shown})


@dataclass(frozen=True, slots=True)
class StanceView:
    """A stance toward a target; a null target is the article's own subject."""

    target: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """A correction: who says what of which article, and until when that is kept.

    `text` is the opening of the article. `answered` is what the model had said, where that was
    kept. `disputed` says that another person holds another view of its topic or of a stance.
    """

    id: str
    by: str
    created: str
    expires: str
    key: str | None
    request_id: str | None
    title: str | None
    text: str
    topic: str | None
    also: list[str]
    stance: list[StanceView]
    summary: str | None
    note: str | None
    answered: Answered | None
    disputed: bool

    @classmethod
    def of(cls, record: FeedbackRecord, retention_s: float, *, disputed: bool) -> Self:
        return cls(
            id=record.id,
            by=record.by,
            created=time_of(record.created_s),
            expires=time_of(record.created_s + retention_s),
            key=record.owner or None,
            request_id=record.request_id,
            title=record.title,
            text=record.text,
            topic=record.topic,
            also=list(record.also),
            stance=[StanceView(target, label) for target, label in record.stances.items()],
            summary=record.summary,
            note=record.note,
            answered=Answered.of(record.answered) if record.answered else None,
            disputed=disputed,
        )


@dataclass(frozen=True, slots=True)
class FeedbackPage:
    """Some corrections, the newest first; `after` fetches the next page, null on the last."""

    feedback: list[FeedbackView]
    after: str | None


@dataclass(frozen=True, slots=True)
class Erased:
    """How many corrections were erased."""

    erased: int


@dataclass(frozen=True, slots=True)
class ToLabel:
    """An answer that nobody has corrected, and the reason why it is worth a look.

    `text` is the opening of the article, which has so many `chars`. `topic` is null where it was
    withheld.
    """

    request_id: str
    created: str
    title: str | None
    text: str
    chars: int
    topic: str | None
    scores: list[Score]
    reason: str

    @classmethod
    def of(cls, candidate: Candidate, reason: str) -> Self:
        topic = candidate.answer["topic"]
        return cls(
            request_id=candidate.request_id,
            created=time_of(candidate.created_s),
            title=candidate.title,
            text=candidate.text,
            chars=candidate.chars,
            topic=topic["label"],
            scores=[Score(**score) for score in topic["scores"]],
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class LabelQueue:
    """The answers to label next, the most telling first."""

    answers: list[ToLabel]


VIEW = FeedbackView(
    id="0198c1f2a4b03f9d6c2e8a71b45d90e3",
    by="ann",
    created="2026-08-01T09:30:00.000+00:00",
    expires="2026-08-31T09:30:00.000+00:00",
    key="desk",
    request_id="5b1f0c9a7d3e2c41",
    title="Council votes to reopen the old tram line",
    text="The city council voted on Monday to reopen the old tram line. ...",
    topic="politics",
    also=["society"],
    stance=[StanceView("the tram line", "favor")],
    summary=None,
    note="The vote is the news.",
    answered=Answered("4f0c...", "economy and business", [StanceView("the tram line", None)]),
    disputed=False,
)
TO_LABEL = ToLabel(
    request_id="5b1f0c9a7d3e2c41",
    created=VIEW.created,
    title=VIEW.title,
    text=VIEW.text,
    chars=2104,
    topic="economy and business",
    scores=[Score("economy and business", 0.41), Score("politics", 0.39)],
    reason="economy and business (41%) or politics (39%): the first is 0.02 ahead; "
    "the least certain of all",
)


def _example(status: int, value: Any) -> dict[int | str, dict[str, Any]]:
    return {status: {"content": {JSON: {"example": asdict(value)}}}}


@router.post(
    "/v1/feedback",
    status_code=201,
    summary="Say what is right about an article",
    description=(
        "A correction of an answer that is kept, or of a text. Texts and answers are kept only "
        "where the operator sets NUTGRAF_KEEP_TEXTS; all of it is erased after "
        "NUTGRAF_RETENTION_DAYS."
    ),
    openapi_extra=body_of({JSON: ref(Correction)}),
    responses=problems(400, 401, 404, 408, 409, 413, 415, 422, 503, 507) | _example(201, VIEW),
)
async def add(
    request: Request, service: Serving, feedback: FeedbackHere, viewer: Asking
) -> FeedbackView:
    settings = service.settings
    media_type(request, {JSON})
    body = await read_body(request, settings.max_body_bytes, settings.receipt_timeout_s)
    correction = await service.parser.parse(body, Lane.INTERACTIVE, read_correction)
    check_labels(correction, service.scheduler.model.info.labels)
    if correction.text and not feedback.keeps_texts:
        raise TextsNotKept(
            "This service keeps no texts; its operator sets NUTGRAF_KEEP_TEXTS=true for that."
        )
    await feedback.settle()
    record = await asyncio.to_thread(feedback.store.add, viewer, correction)
    if record is None:
        raise AnswerUnknown("No answer of this request is kept; send the article as text.")
    for task, changed in changes(record):
        service.metrics.corrected(task, changed)
    (view,) = await asyncio.to_thread(_views, feedback, viewer, [record])
    return view


@router.get(
    "/v1/feedback",
    summary="The corrections, the newest first",
    responses=problems(401, 422, 503) | _example(200, FeedbackPage([VIEW], None)),
)
async def page(
    feedback: FeedbackHere,
    viewer: Asking,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 20,
    after: Annotated[str | None, Query(pattern=JOB_ID)] = None,
) -> FeedbackPage:
    found = await asyncio.to_thread(feedback.store.page, viewer, limit + 1, after)
    views = await asyncio.to_thread(_views, feedback, viewer, found[:limit])
    return FeedbackPage(views, views[-1].id if len(found) > limit else None)


@router.get(
    "/v1/feedback/queue",
    summary="The kept answers to label next, each with the reason",
    description=(
        "Answers whose topic was withheld come first, then those whose topic was least certain; "
        "among these, texts that are unlike each other. What was corrected is not offered."
    ),
    responses=problems(401, 422, 503) | _example(200, LabelQueue([TO_LABEL])),
)
async def next_to_label(
    feedback: FeedbackHere,
    viewer: Asking,
    limit: Annotated[int, Query(ge=1, le=MAX_QUEUE)] = 20,
) -> LabelQueue:
    def chosen() -> list[ToLabel]:
        candidates = feedback.store.candidates(viewer, queue.pool_size(limit))
        return [ToLabel.of(*each) for each in queue.in_order(candidates, limit)]

    await feedback.settle()
    return LabelQueue(await asyncio.to_thread(chosen))


@router.delete(
    "/v1/feedback",
    summary="Erase all that a person corrected",
    description="Texts and answers go too, unless someone else corrected them.",
    responses=problems(401, 422, 503, 507) | _example(200, Erased(3)),
)
async def erase_person(
    feedback: FeedbackHere,
    viewer: Asking,
    by: Annotated[Person, Query(description="Who corrected it, as in `by`.")],
) -> Erased:
    return Erased(await asyncio.to_thread(feedback.store.erase_person, viewer, by))


@router.delete(
    "/v1/feedback/{feedback}",
    summary="Erase a correction",
    description="Its text and answer go too, unless someone else corrected them.",
    responses=problems(401, 404, 422, 503, 507) | _example(200, Erased(1)),
)
async def erase(feedback_id: FeedbackId, feedback: FeedbackHere, viewer: Asking) -> Erased:
    if not await asyncio.to_thread(feedback.store.erase, viewer, feedback_id):
        raise _unknown()
    return Erased(1)


def _views(feedback: Feedback, viewer: Viewer, records: list[FeedbackRecord]) -> list[FeedbackView]:
    store = feedback.store
    in_dispute = disputed(store.of_texts(viewer, {record.digest for record in records}))
    return [
        FeedbackView.of(record, store.retention_s, disputed=record.id in in_dispute)
        for record in records
    ]


def _unknown() -> FeedbackUnknown:
    return FeedbackUnknown("There is no such correction; GET /v1/feedback lists yours.")
