"""What becomes of texts that are short, and of texts that are no news: lists, recipes, code, poems.

Both sets were written for this project (`short.jsonl`, `odd.jsonl`). Of short texts a topic is to
be right or withheld, and not withheld often; of the others it is to be withheld, or the answer
warns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from models.analysis import Analysis
from models.article import Article, Options
from models.engine import Engine
from models.errors import AnalysisError, ArticleError
from models.tasks.judged import share
from models.tasks.predictions import analyses
from training.data.roles import Role

HERE = Path(__file__).parent
SHORT, ODD = HERE / "short.jsonl", HERE / "odd.jsonl"
ASKED = Options(tasks=frozenset({"topic"}))
Outcome = Analysis | AnalysisError | ArticleError


class Text(BaseModel):
    """A text of the project's own. `split` is its role: choose or report."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    split: Role
    text: str


TextT = TypeVar("TextT", bound=Text)


class ShortText(Text):
    """A sentence or the opening of an article, with its main topic, and another that fits."""

    topic: str
    also: str | None = None

    @property
    def sort(self) -> str:
        return self.id.split("-")[0]


class OddText(Text):
    """A text that is no news; `kind` is what it is."""

    kind: str


def figures(engine: Engine, role: Role = Role.REPORT) -> dict[str, Any]:
    """How many short texts get a right topic or none, how many others none or a warning."""
    return {
        "short": _short(list(_answered(engine, list(_read(SHORT, ShortText, role))))),
        "odd": _odd(list(_answered(engine, list(_read(ODD, OddText, role))))),
    }


def _read(file: Path, kind: type[TextT], role: Role) -> Iterator[TextT]:
    for line in file.read_text("utf-8").splitlines():
        text = kind.model_validate_json(line)
        if text.split is role:
            yield text


def _answered(engine: Engine, texts: Sequence[TextT]) -> Iterator[tuple[TextT, Outcome]]:
    articles = (Article(text.text, options=ASKED) for text in texts)
    return zip(texts, analyses(engine, articles), strict=True)


def _short(found: Sequence[tuple[ShortText, Outcome]]) -> dict[str, Any]:
    sorts: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for text, outcome in found:
        label = _label(outcome)
        for sort in ("all", text.sort):
            sorts[sort].append((label in {text.topic, text.also, None}, label is None))
    return {
        sort: {
            "texts": len(each),
            **share("right_or_withheld", [float(right) for right, _ in each]),
            **share("withheld", [float(withheld) for _, withheld in each]),
        }
        for sort, each in sorts.items()
    }


def _odd(found: Sequence[tuple[OddText, Outcome]]) -> dict[str, Any]:
    kinds: dict[str, list[float]] = defaultdict(list)
    for text, outcome in found:
        for kind in ("all", text.kind):
            kinds[kind].append(float(_label(outcome) is None or _is_warned(outcome)))
    return {
        kind: {"texts": len(each), **share("withheld_or_warned", each)}
        for kind, each in kinds.items()
    }


def _label(outcome: Outcome) -> str | None:
    """The topic that is given, None where it is withheld or the text was refused."""
    topic = outcome.topic if isinstance(outcome, Analysis) else None
    return topic.label if topic else None


def _is_warned(outcome: Outcome) -> bool:
    return isinstance(outcome, Analysis) and bool(outcome.warnings)
