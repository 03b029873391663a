"""A correction as people send it, and the check of its labels against those of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from models.article import MAX_TARGETS, MAX_TITLE_CHARS, READABLE, Target
from models.labels import Label
from service.errors import InvalidRequest
from service.validation import nearest

MAX_LABEL_CHARS = 100
MAX_SECOND_TOPICS = 10
MAX_SUMMARY_CHARS = 5000
MAX_NOTE_CHARS = 2000
MAX_PERSON_CHARS = 200

Labels = Mapping[str, Sequence[Label]]
"""The labels of a model by the name of their set, as `ModelInfo` has them."""


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("there is a NUL character in it, which no database stores")
    return text


Storable = AfterValidator(_storable)
Person = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_PERSON_CHARS, pattern=READABLE), Storable
]
LabelName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_LABEL_CHARS)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StanceCorrection(_Sent):
    """The right stance toward a target; without a target, toward the article's own subject."""

    target: Annotated[Target, Storable] | None = Field(
        None, description="Whom or what it is about."
    )
    label: LabelName = Field(description="The right stance: a label of GET /v1/labels.")


class Correction(_Sent):
    """What is right about an article: its topic, its stances, its summary, or some of these.

    The article is one whose answer is kept (`request_id`), or a `text`.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"type": "string"}}}
                for name in ("request_id", "text")
            ],
            "examples": [
                {
                    "request_id": "5b1f0c9a7d3e2c41",
                    "topic": "politics",
                    "also": ["society"],
                    "stance": [{"target": "the tram line", "label": "favor"}],
                    "by": "ann",
                    "note": "The vote is the news.",
                },
                {
                    "title": "Council votes to reopen the old tram line",
                    "text": "The city council voted on Monday to reopen the old tram line. ...",
                    "summary": "The council voted to reopen the old tram line.",
                    "by": "ann",
                },
            ],
        },
    )

    request_id: Annotated[str, StringConstraints(min_length=1, max_length=64), Storable] | None = (
        Field(None, description="The X-Request-ID of the answer that is corrected.")
    )
    text: Annotated[str, StringConstraints(min_length=1, pattern=READABLE), Storable] | None = (
        Field(None, description="The article's text, where no answer of it is kept.")
    )
    title: Annotated[str, StringConstraints(max_length=MAX_TITLE_CHARS), Storable] | None = Field(
        None, description="Its headline; with `text` only."
    )
    topic: LabelName | None = Field(None, description="The right topic: a label of GET /v1/labels.")
    also: tuple[LabelName, ...] = Field(
        (), max_length=MAX_SECOND_TOPICS, description="Its second topics; with `topic` only."
    )
    stance: tuple[StanceCorrection, ...] = Field(
        (), max_length=MAX_TARGETS, description="The right stances, one a target."
    )
    summary: (
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=MAX_SUMMARY_CHARS, pattern=READABLE),
            Storable,
        ]
        | None
    ) = Field(None, description="A good summary.")
    by: Person = Field(description="Who says so. DELETE /v1/feedback?by= erases by this name.")
    note: Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARS), Storable] | None = Field(
        None, description="Why, for others to read."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.request_id) == bool(self.text):
            raise ValueError("send either request_id or text")
        if self.title and not self.text:
            raise ValueError("send title with text only")
        if self.also and not self.topic:
            raise ValueError("send also with topic only")
        if not (self.topic or self.stance or self.summary):
            raise ValueError("send what is right: topic, stance or summary")
        targets = [one.target for one in self.stance]
        if len(set(targets)) != len(targets):
            raise ValueError("send one stance a target")
        return self


def stances_of(correction: Correction) -> dict[str | None, str]:
    """The label for each target."""
    return {one.target: one.label for one in correction.stance}


KNOWN_FIELDS: Mapping[str, Sequence[str]] = {
    "": tuple(Correction.model_fields),
    **{f"stance.{place}": tuple(StanceCorrection.model_fields) for place in range(MAX_TARGETS)},
}


def read_correction(value: Any) -> Correction:
    """The correction in a parsed JSON value. Raises InvalidRequest."""
    try:
        return Correction.model_validate(value)
    except ValidationError as error:
        raise InvalidRequest.of(error.errors(include_url=False), value, KNOWN_FIELDS) from None


def check_labels(correction: Correction, labels: Labels) -> None:
    """Raises InvalidRequest where a label is none of the model's."""
    for field, label, group in _labels_of(correction):
        known = [each.name for each in labels.get(group, ())]
        if label not in known:
            raise InvalidRequest.at(field, _unknown(label, known))


def _labels_of(correction: Correction) -> Iterator[tuple[str, str, str]]:
    """Each label, the field that holds it, and the set that it is to be of."""
    if correction.topic:
        yield "topic", correction.topic, "topic"
    for place, label in enumerate(correction.also):
        yield f"also.{place}", label, "topic"
    for place, stance in enumerate(correction.stance):
        yield f"stance.{place}.label", stance.label, "stance" if stance.target else "overall"


def _unknown(label: str, known: Sequence[str]) -> str:
    if not known:
        return "The model has no such labels; leave it out"
    near = nearest(label, known)
    told = f"did you mean `{near}`?" if near else f"there are {', '.join(known)}"
    return f"It is no label of the model; {told}"
