"""Feedback for tests: answers and corrections, a clock that stands, and what is in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from models.article import Article
from service.database.database import Database
from service.feedback.correction import Correction
from service.feedback.keeper import kept_answer
from service.feedback.sql_store import SqlFeedbackStore
from service.feedback.store import FeedbackRecord, KeptAnswer, Viewer
from service.inference.answer import Answer, ModelId, Timing
from tests.support.stand_in_model import Info, StandIn, prepare

DAY_S = 86_400.0
ANN, BOB = Viewer("ann's key"), Viewer("bob's key")
ADMIN = Viewer("root", sees_all=True)
TABLES = ("nutgraf_text", "nutgraf_answer", "nutgraf_correction")


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 1_000_000_000.0

    def __call__(self, _: Connection) -> float:
        return self.now


def store_in(database: Database, clock: Clock | None = None) -> SqlFeedbackStore:
    """A store that keeps everything for 30 days."""
    return SqlFeedbackStore(database, 30 * DAY_S, clock or Clock())


def correction(**said: Any) -> Correction:
    """A correction of a text, with a topic unless it says something else."""
    given = {"by": "ann", "text": "Rain fell.", **said}
    if not said.keys() & {"topic", "stance", "summary"}:
        given["topic"] = "sport"
    if "request_id" in said:
        del given["text"]
    return Correction.model_validate(given)


def answer_to(text: str) -> Answer:
    """The answer of the stand-in model, which takes everything for weather."""
    (found,) = StandIn().analyze([prepare(Article(text))])
    return Answer.of(found, ModelId.of(Info()), Timing(1, 2, 3))  # type: ignore[arg-type]


def kept(request_id: str, text: str = "Rain fell.", owner: str = ANN.owner) -> KeptAnswer:
    """An answer of the stand-in model, to keep."""
    return kept_answer(owner, request_id, Article(text), answer_to(text))


def record(number: int = 1, **said: Any) -> FeedbackRecord:
    """A correction as it is stored; `number` orders them."""
    given: dict[str, Any] = {
        "id": f"f{number:031x}",
        "owner": "",
        "by": "ann",
        "request_id": None,
        "digest": said.get("text", "Rain fell."),
        "text": "Rain fell.",
        "title": None,
        "topic": None,
        "also": (),
        "stances": {},
        "summary": None,
        "note": None,
        "answered": None,
        "created_s": 1_000_000_000.0,
    }
    return FeedbackRecord(**{**given, **said})


def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    """All that is in the tables of feedback."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        found = {
            table: [dict(row) for row in connection.execute(sa.text(query)).mappings()]
            for table, query in ((table, f"SELECT * FROM {table}") for table in TABLES)
        }
    engine.dispose()
    return found
