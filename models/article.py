"""What comes in: an article and what is asked of it, with their limits.

The fields of `Options` are the one definition of the options of an analysis. The JSON body, the
query of a job and the flags of the commands are derived from them (`service.options`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen, doc

from models import registry

MAX_TITLE_CHARS = 1000
MAX_TARGETS = 20
MAX_TARGET_CHARS = 500
AUTO, MOST_AUTO = "auto", 3
"""The target that stands for those that the article suggests, at most so many."""
HIGHEST_ERROR = 0.5
READABLE = r"[\p{L}\p{N}]"
"""A letter or a digit: without one there is nothing to read."""


class Style(StrEnum):
    """How a summary is made: `written`, or `extractive`: the article's own sentences."""

    WRITTEN = "written"
    EXTRACTIVE = "extractive"


class Kind(StrEnum):
    """What a target is: an `entity` (a name), an `issue`, or a `claim` (a statement)."""

    ENTITY = "entity"
    ISSUE = "issue"
    CLAIM = "claim"


class Tier(StrEnum):
    """Which reader answers questions about a text: `full`, the large one, or `fast`."""

    FULL = "full"
    FAST = "fast"


@dataclass(frozen=True, slots=True)
class Matches:
    """Limits a text to those in which a regular expression finds something. pydantic checks it."""

    pattern: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        return {**handler(source), "pattern": self.pattern}


@dataclass(frozen=True, slots=True)
class Within:
    """The object of a JSON body that holds an option, as `summary` holds `summary.style`."""

    name: str


@dataclass(frozen=True, slots=True)
class Registered:
    """Limits a text to the names of the tasks that are registered. pydantic checks it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        function = {"type": "no-info", "function": self.checked}
        return {"type": "function-after", "function": function, "schema": handler(source)}

    def __get_pydantic_json_schema__(self, _: Any, __: Any) -> dict[str, Any]:
        return {"type": "string", "enum": list(registry.names())}

    @staticmethod
    def checked(name: str) -> str:
        """The name. Raises ValueError where no task has it."""
        if name not in registry.names():
            *first, last = map(repr, registry.names())
            raise ValueError(f"it is not one of {', '.join(first)} or {last}")
        return name


@dataclass(frozen=True, slots=True)
class OrOne:
    """Lets a word stand for the list that holds it alone. pydantic reads it."""

    word: str

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], Any]) -> Any:
        function = {"type": "no-info", "function": self.listed}
        return {"type": "function-before", "function": function, "schema": handler(source)}

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], Any]) -> Any:
        return {"anyOf": [handler(schema["schema"]), {"const": self.word, "type": "string"}]}

    def listed(self, value: Any) -> Any:
        """A list with the word, where the value is the word."""
        return [value] if value == self.word else value


TaskName = Annotated[str, Registered()]
Target = Annotated[str, MinLen(1), MaxLen(MAX_TARGET_CHARS), Matches(READABLE)]


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of an article."""

    targets: Annotated[
        tuple[Target, ...],
        MaxLen(MAX_TARGETS),
        OrOne(AUTO),
        doc(
            "Whom or what to take a stance toward; `auto`: those that the article suggests; none: "
            "the article's own subject."
        ),
    ] = ()
    tasks: Annotated[
        frozenset[TaskName] | None, MinLen(1), doc("What is asked; else all that the model has.")
    ] = None
    style: Annotated[
        Style,
        Within("summary"),
        doc("How the summary is made: `written` by the model, or `extractive`: the article's own."),
    ] = Style.WRITTEN
    max_words: Annotated[
        int, Within("summary"), Ge(10), Le(300), doc("Longest summary, in words.")
    ] = 60
    edits: Annotated[
        bool, Within("summary"), doc("Tell what was deleted and inserted in each sentence.")
    ] = False
    clean: Annotated[bool, doc("Leave out navigation, captions and the like.")] = True
    strict: Annotated[bool, doc("Refuse an article that is longer than the model reads.")] = False
    kind: Annotated[
        Kind | None, doc("What the targets are: names, issues or claims; else each is told.")
    ] = None
    reader: Annotated[
        Tier | None,
        doc("Which reader judges: `full` is right more often, `fast` is faster."),
    ] = None
    max_error: Annotated[
        float | None,
        Gt(0),
        Lt(HIGHEST_ERROR),
        doc("Withhold labels so that at most this share of those given is wrong, such as 0.05."),
    ] = None

    def asks(self, task: str) -> bool:
        """Whether a task is asked for."""
        return self.tasks is None or task in self.tasks

    @property
    def is_auto(self) -> bool:
        """Whether the article suggests the targets."""
        return self.targets == (AUTO,)

    @property
    def is_checked(self) -> bool:
        """Whether a reader checks the sentences of a summary."""
        return self.asks("summary") and self.style is Style.WRITTEN

    @property
    def is_read(self) -> bool:
        """Whether anything is asked that a reader answers."""
        return self.is_checked or (self.asks("stance") and bool(self.targets))


@dataclass(frozen=True, slots=True)
class Article:
    """One article: its `text`, or the `html` of the page it stands on (exactly one of them)."""

    text: str | None = None
    title: str | None = None
    html: str | None = None
    options: Options = field(default_factory=Options)
