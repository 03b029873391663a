"""What the routes take and give, as it stands in the OpenAPI document.

An answer is the models' own `Analysis` with the model that gave it and the time it took.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    Strict,
    create_model,
    model_validator,
)
from pydantic import ValidationError as PydanticError
from pydantic.json_schema import JsonSchemaValue

from models.article import MAX_TITLE_CHARS, READABLE, Article, Options, Tier
from service.errors import InvalidRequest
from service.http.problems import Problem
from service.inference.answer import Answer
from service.options import Option, options
from service.validation import READABLE_ON_A_PAGE

if TYPE_CHECKING:
    from models.engine import ModelInfo

ABOUT = ("title", "description", "default")  # what a schema says of a field, not of its values


def _without_default(schema: dict[str, Any]) -> None:
    """Absent is absent: the empty string that stands for it is no value to send."""
    schema.pop("default", None)


class Lenient(BaseModel):
    """A JSON object in which null is the same as absent for each field that it may leave out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _without_null(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        absent = {name for name in cls.model_fields if value.get(name, ...) is None}
        return {name: member for name, member in value.items() if name not in absent}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: Any, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema)["properties"]
        for name in cls.model_fields:
            properties[name] = _or_null(properties[name])
        return schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field that may be null too."""
    if {"type": "null"} in schema.get("anyOf", ()):
        return schema
    about = {name: schema.pop(name) for name in ABOUT if name in schema}
    return {"anyOf": [schema, {"type": "null"}], **about}


class SentArticle(Lenient):
    """One article, as `text` or as the `html` of its page, and what is asked of it.

    A field that is null is taken as one that is left out.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [name], "properties": {name: {"type": "string"}}}
                for name in ("text", "html")
            ],
            "examples": [
                {
                    "title": "Council votes to reopen the old tram line",
                    "text": "The city council voted on Monday to reopen the old tram line. ...",
                    "targets": ["the tram line"],
                }
            ],
        },
    )

    text: str = Field(
        "",
        min_length=1,
        pattern=READABLE,
        description="The article's text.",
        json_schema_extra=_without_default,
    )
    html: str = Field(
        "",
        min_length=1,
        pattern=READABLE_ON_A_PAGE,
        description="The article's page.",
        json_schema_extra=_without_default,
    )
    title: str = Field(default="", max_length=MAX_TITLE_CHARS, description="Its headline.")

    @model_validator(mode="after")
    def _either_text_or_html(self) -> Self:
        if bool(self.text) == bool(self.html):
            raise ValueError("send either text or html")
        return self

    def to_article(self) -> Article:
        """The article in the models' own types."""
        chosen = Options(
            **{
                one.name: getattr(getattr(self, one.within) if one.within else self, one.name)
                for one in options()
            }
        )
        return Article(self.text or None, self.title or None, self.html or None, chosen)


def _field(option: Option) -> Any:
    """The field of a body for an option: its type, and what the document says of it."""
    is_scalar = option.type in (int, float, bool)
    type_ = Annotated[option.limited, Strict()] if is_scalar else option.limited

    def describe(schema: dict[str, Any]) -> None:
        for one in (schema, *schema.get("anyOf", ())):
            one.pop("uniqueItems", None)  # a name that is there twice is taken as once
        if option.is_set and option.default is not None:
            schema["default"] = sorted(option.default)

    return type_, Field(
        default=option.default, description=option.description, json_schema_extra=describe
    )


def _fields(within: str | None) -> dict[str, Any]:
    """The fields of an object of the body: the options that it holds."""
    return {one.name: _field(one) for one in options() if one.within == within}


SummaryOptions = create_model(
    "SummaryOptions", __base__=Lenient, __doc__="How the summary is made.", **_fields("summary")
)
AnalyzeRequest = create_model(
    "AnalyzeRequest",
    __base__=SentArticle,
    __doc__=SentArticle.__doc__,
    summary=(SummaryOptions, SummaryOptions()),
    **_fields(None),
)
KNOWN_FIELDS = {
    "": (
        *AnalyzeRequest.model_fields,
        *(f"summary.{name}" for name in SummaryOptions.model_fields),
    ),
    "summary": tuple(SummaryOptions.model_fields),
}


def read_article(value: Any) -> Article:
    """The article in a parsed JSON value. Raises InvalidRequest."""
    try:
        return AnalyzeRequest.model_validate(value).to_article()
    except PydanticError as error:
        raise InvalidRequest.of(error.errors(include_url=False), value, KNOWN_FIELDS) from None


@dataclass(frozen=True, slots=True)
class BulkAnswer:
    """A line of a bulk answer: the article at `index`, counted from 0, was analysed."""

    index: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class BulkProblem:
    """A line of a bulk answer: the article at `index` was not analysed, for this reason."""

    index: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class ModelReport:
    """The model that answers, and the settings that it answers under.

    The first of the `readers` judges where a request names none.
    """

    name: str
    version: str
    digest: str
    created: str
    device: str
    dtype: str
    parameters: int
    max_tokens: int
    tasks: tuple[str, ...]
    readers: tuple[Tier, ...]
    languages: tuple[str, ...]
    metrics: dict[str, Any]
    settings: dict[str, Any]

    @classmethod
    def of(cls, info: ModelInfo, settings: dict[str, Any]) -> ModelReport:
        named = {part.name for part in fields(cls)} - {"settings"}
        return cls(**{name: getattr(info, name) for name in named}, settings=settings)


@dataclass(frozen=True, slots=True)
class Health:
    """`state` is `ready`, or what keeps the service from answering."""

    state: str
