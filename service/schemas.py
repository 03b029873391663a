"""What the routes take and give, as it stands in the OpenAPI document.

An answer is the models' own `Analysis` with the model that gave it and the time it took.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, model_validator
from pydantic import ValidationError as PydanticError

from models.analysis import Analysis
from models.article import ALL_TASKS, Article, Options, Style, Task
from service.errors import InvalidRequest, Problem

if TYPE_CHECKING:
    from models.engine import ModelInfo

MAX_TARGETS = 20
MAX_TARGET_CHARS = 200
MAX_TITLE_CHARS = 1000
WORDS_RANGE = (10, 300)

SOMETHING = r"[\p{L}\p{N}]"  # a letter or a digit: without one there is nothing to read
SOMETHING_ON_A_PAGE = r">[^<]*[\p{L}\p{N}]"


def _without_default(schema: dict[str, Any]) -> None:
    """Absent is absent: the empty string that stands for it is no value to send."""
    schema.pop("default", None)


Target = Annotated[str, Field(min_length=1, max_length=MAX_TARGET_CHARS, pattern=SOMETHING)]


class SummaryOptions(BaseModel):
    """How the summary is made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    style: Style = Field(
        default=Style.WRITTEN,
        description="`written` by the model, or `extractive`: the article's own.",
    )
    max_words: StrictInt = Field(
        default=60, ge=WORDS_RANGE[0], le=WORDS_RANGE[1], description="Longest summary, in words."
    )


class AnalyzeRequest(BaseModel):
    """One article, as `text` or as the `html` of its page, and what is asked of it."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "oneOf": [{"required": ["text"]}, {"required": ["html"]}],
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
        pattern=SOMETHING,
        description="The article's text.",
        json_schema_extra=_without_default,
    )
    html: str = Field(
        "",
        min_length=1,
        pattern=SOMETHING_ON_A_PAGE,
        description="The article's page.",
        json_schema_extra=_without_default,
    )
    title: str = Field(default="", max_length=MAX_TITLE_CHARS, description="Its headline.")
    targets: list[Target] = Field(
        [],
        max_length=MAX_TARGETS,
        description="Whom or what to take a stance toward; none: the article's own subject.",
    )
    tasks: list[Task] = Field(
        default=sorted(ALL_TASKS),
        min_length=1,
        max_length=len(ALL_TASKS),
        description="What is asked.",
    )
    summary: SummaryOptions = SummaryOptions()
    clean: StrictBool = Field(
        default=True, description="Leave out navigation, captions and the like."
    )
    strict: StrictBool = Field(
        default=False, description="Refuse an article longer than the model reads, with 422."
    )

    @model_validator(mode="after")
    def _either_text_or_html(self) -> Self:
        if bool(self.text) == bool(self.html):
            raise ValueError("send either text or html")
        return self

    def to_article(self) -> Article:
        """The article in the models' own types."""
        options = Options(
            targets=tuple(self.targets),
            tasks=frozenset(self.tasks),
            style=self.summary.style,
            max_words=self.summary.max_words,
            clean=self.clean,
            strict=self.strict,
        )
        return Article(self.text or None, self.title or None, self.html or None, options)


KNOWN_FIELDS = frozenset(AnalyzeRequest.model_fields) | frozenset(SummaryOptions.model_fields)


def read_article(value: Any) -> Article:
    """The article in a parsed JSON value. Raises InvalidRequest."""
    try:
        return AnalyzeRequest.model_validate(value).to_article()
    except PydanticError as error:
        raise InvalidRequest.of(error.errors(include_url=False), KNOWN_FIELDS) from None


@dataclass(frozen=True, slots=True)
class ModelId:
    """Which model gave an answer; `digest` identifies its weights and labels."""

    name: str
    version: str
    digest: str

    @classmethod
    def of(cls, info: ModelInfo) -> ModelId:
        return cls(info.name, info.version, info.digest)


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time went, in milliseconds: waiting, preparing, and in the model's batch."""

    queue: float
    prepare: float
    model: float


@dataclass(frozen=True, slots=True)
class Answer(Analysis):
    """The analysis of one article."""

    model: ModelId
    timing_ms: Timing

    @classmethod
    def of(cls, analysis: Analysis, model: ModelId, timing_ms: Timing) -> Answer:
        parts = {part.name: getattr(analysis, part.name) for part in fields(Analysis)}
        return cls(**parts, model=model, timing_ms=timing_ms)


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
    """The model that answers, and the settings that it answers under."""

    name: str
    version: str
    digest: str
    created: str
    device: str
    dtype: str
    parameters: int
    max_tokens: int
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
