"""The feedback in a database. Times are those of the database, which all replicas share."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from service.database.database import METADATA, Database, now_s
from service.feedback.correction import Correction
from service.feedback.store import Candidate, FeedbackRecord, KeptAnswer, Viewer, digest_of

WRITE_LOCK = 0x6E757468
"""Held by whoever writes, so that no text is erased while another correction of it comes in."""
OPENING_CHARS = 200
"""So much of a text is shown with its correction."""
CANDIDATE_CHARS = 10_000
STAMP_CHARS = 12
"""The characters of an id that tell its time."""
AT_ONCE = 500
"""Rows that a statement names or a page of `all` holds."""

_text = sa.Table(
    "nutgraf_text",
    METADATA,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("title", sa.Text),
    sa.Index("nutgraf_text_by_digest", "digest"),
)
_answer = sa.Table(
    "nutgraf_answer",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("text_id", sa.String(64), sa.ForeignKey("nutgraf_text.id"), nullable=False),
    sa.Column("margin", sa.Double),
    sa.Column("answer", sa.JSON, nullable=False),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Index("nutgraf_answer_by_request", "owner", "request_id", unique=True),
    sa.Index("nutgraf_answer_by_text", "text_id"),
    sa.Index("nutgraf_answer_by_age", "created_s"),
)
_correction = sa.Table(
    "nutgraf_correction",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(200), nullable=False),
    sa.Column("text_id", sa.String(64), sa.ForeignKey("nutgraf_text.id"), nullable=False),
    sa.Column("request_id", sa.String(64)),
    sa.Column("person", sa.String(200), nullable=False),
    sa.Column("labels", sa.JSON, nullable=False),
    sa.Column("summary", sa.Text),
    sa.Column("note", sa.Text),
    sa.Column("answered", sa.JSON(none_as_null=True)),
    sa.Column("created_s", sa.Double, nullable=False),
    sa.Index("nutgraf_correction_by_owner", "owner", "id"),
    sa.Index("nutgraf_correction_by_person", "person"),
    sa.Index("nutgraf_correction_by_text", "text_id"),
    sa.Index("nutgraf_correction_by_age", "created_s"),
)

Clock = Callable[[Connection], float]
Condition = sa.ColumnElement[bool]


class SqlFeedbackStore:
    """A FeedbackStore over a database."""

    def __init__(self, database: Database, retention_s: float, clock: Clock = now_s) -> None:
        self._database = database
        self._clock = clock
        self.retention_s = retention_s

    def keep(self, answers: Sequence[KeptAnswer]) -> None:
        with self._database.writing(WRITE_LOCK) as connection:
            now = self._clock(connection)
            for one in answers:
                same = (_answer.c.owner == one.owner) & (_answer.c.request_id == one.request_id)
                connection.execute(sa.delete(_answer).where(same))
                values = {
                    "id": _new_id(connection, _answer, now),
                    "owner": one.owner,
                    "request_id": one.request_id,
                    "text_id": _keep_text(connection, one.owner, one.text, one.title),
                    "margin": one.margin,
                    "answer": dict(one.answer),
                    "created_s": now,
                }
                connection.execute(sa.insert(_answer).values(values))

    def add(self, viewer: Viewer, correction: Correction) -> FeedbackRecord | None:
        with self._database.writing(WRITE_LOCK) as connection:
            now = self._clock(connection)
            if correction.text:
                text = _keep_text(connection, viewer.owner, correction.text, correction.title)
                answer = self._answer(connection, viewer, now, _answer.c.text_id == text)
            else:
                asked = _answer.c.request_id == correction.request_id
                answer = self._answer(connection, viewer, now, asked)
                if answer is None:
                    return None
                text = answer["text_id"]
            values = {
                "id": _new_id(connection, _correction, now),
                "owner": viewer.owner,
                "text_id": text,
                "request_id": correction.request_id,
                "person": correction.by,
                "labels": correction.model_dump(mode="json", include={"topic", "also", "stance"}),
                "summary": correction.summary,
                "note": correction.note or None,
                "answered": answered(answer["answer"]) if answer else None,
                "created_s": now,
            }
            connection.execute(sa.insert(_correction).values(values))
            query = _records(OPENING_CHARS).where(_correction.c.id == values["id"])
            return _record(connection.execute(query).mappings().one())

    def page(self, viewer: Viewer, limit: int, after: str | None = None) -> list[FeedbackRecord]:
        with self._database.transaction() as connection:
            query = _records(OPENING_CHARS).where(self._seen(connection, viewer))
            if after is not None:
                query = query.where(_correction.c.id < after)
            query = query.order_by(_correction.c.id.desc()).limit(limit)
            return [_record(row) for row in connection.execute(query).mappings()]

    def of_texts(self, viewer: Viewer, digests: Collection[str]) -> list[FeedbackRecord]:
        found: list[FeedbackRecord] = []
        with self._database.transaction() as connection:
            for some in _batches(digests):
                seen = self._seen(connection, viewer) & _text.c.digest.in_(some)
                query = _records(0).where(seen)
                found += [_record(row) for row in connection.execute(query).mappings()]
        return sorted(found, key=lambda record: record.id)

    def all(self) -> Iterator[FeedbackRecord]:
        last = ""
        while True:
            with self._database.transaction() as connection:
                seen = self._is_young(connection, _correction) & (_correction.c.id > last)
                query = _records(None).where(seen).order_by(_correction.c.id).limit(AT_ONCE)
                rows = [_record(row) for row in connection.execute(query).mappings()]
            if not rows:
                return
            yield from rows
            last = rows[-1].id

    def erase(self, viewer: Viewer, feedback: str) -> bool:
        return self._erase(viewer, _correction.c.id == feedback) > 0

    def erase_person(self, viewer: Viewer, by: str) -> int:
        return self._erase(viewer, _correction.c.person == by)

    def _erase(self, viewer: Viewer, which: Condition) -> int:
        with self._database.writing(WRITE_LOCK) as connection:
            erased = sa.delete(_correction).where(which, _visible(_correction, viewer))
            returning = erased.returning(_correction.c.text_id)
            texts = list(connection.execute(returning).scalars())
            for some in _batches(set(texts)):
                uncorrected = _answer.c.text_id.in_(some) & _lacks(_correction, _answer.c.text_id)
                connection.execute(sa.delete(_answer).where(uncorrected))
                _erase_unused(connection, _text.c.id.in_(some))
        if texts:
            self._database.overwrite_erased()
        return len(texts)

    def erase_expired(self) -> int:
        erased = 0
        with self._database.writing(WRITE_LOCK) as connection:
            for table in (_answer, _correction):
                old = sa.not_(self._is_young(connection, table))
                erased += connection.execute(sa.delete(table).where(old)).rowcount
            unused = _erase_unused(connection, sa.true())
        if erased or unused:
            self._database.overwrite_erased()
        return erased

    def candidates(self, viewer: Viewer, limit: int) -> list[Candidate]:
        newer = _answer.alias("newer")
        again = sa.exists().where(newer.c.text_id == _answer.c.text_id, newer.c.id > _answer.c.id)
        with self._database.transaction() as connection:
            query = (
                sa.select(
                    _answer.c.request_id,
                    _answer.c.owner,
                    sa.func.substr(_text.c.text, 1, CANDIDATE_CHARS).label("text"),
                    sa.func.length(_text.c.text).label("chars"),
                    _text.c.title,
                    _answer.c.answer,
                    _answer.c.created_s,
                )
                .join(_text)
                .where(_visible(_answer, viewer), self._is_young(connection, _answer))
                .where(_answer.c.margin.is_not(None), ~again)
                .where(_lacks(_correction, _answer.c.text_id))
                .order_by(_answer.c.margin, _answer.c.id)
                .limit(limit)
            )
            return [Candidate(**row) for row in connection.execute(query).mappings()]

    def _answer(
        self, connection: Connection, viewer: Viewer, now: float, which: Condition
    ) -> RowMapping | None:
        """The newest of some answers; its own before those of others."""
        young = _answer.c.created_s > now - self.retention_s
        query = sa.select(_answer).where(which, young, _visible(_answer, viewer))
        own = sa.case((_answer.c.owner == viewer.owner, 0), else_=1)
        return connection.execute(query.order_by(own, _answer.c.id.desc())).mappings().first()

    def _seen(self, connection: Connection, viewer: Viewer) -> Condition:
        return _visible(_correction, viewer) & self._is_young(connection, _correction)

    def _is_young(self, connection: Connection, table: sa.Table) -> Condition:
        return sa.and_(table.c.created_s > self._clock(connection) - self.retention_s)


def answered(answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a correction keeps of the answer that it is about."""
    found: dict[str, Any] = {"model": answer["model"]["digest"]}
    if answer.get("topic"):
        found["topic"] = answer["topic"]["label"]
    if answer.get("stance"):
        pairs = [{"target": one["target"], "label": one["label"]} for one in answer["stance"]]
        found["stance"] = pairs
    if answer.get("summary"):
        found["summary"] = answer["summary"]["text"]
    return found


def _keep_text(connection: Connection, owner: str, text: str, title: str | None) -> str:
    """Adds a text unless it is there; each owner has its own. Returns its id."""
    id_ = digest_of(f"{owner}\0{text}")
    here = _text.c.id == id_
    found = connection.execute(sa.select(_text.c.title).where(here)).first()
    if found is None:
        values = {"id": id_, "digest": digest_of(text), "text": text, "title": title or None}
        connection.execute(sa.insert(_text).values(values))
    elif title and not found.title:
        connection.execute(sa.update(_text).where(here).values(title=title))
    return id_


def _erase_unused(connection: Connection, which: Condition) -> int:
    """Erases those of some texts to which nothing refers. Returns how many."""
    unused = which & _lacks(_answer, _text.c.id) & _lacks(_correction, _text.c.id)
    return connection.execute(sa.delete(_text).where(unused)).rowcount


def _lacks(table: sa.Table, text: sa.ColumnElement[str]) -> Condition:
    return ~sa.exists().where(table.c.text_id == text)


def _visible(table: sa.Table, viewer: Viewer) -> Condition:
    return sa.true() if viewer.sees_all else sa.and_(table.c.owner == viewer.owner)


def _new_id(connection: Connection, table: sa.Table, now: float) -> str:
    """An id that begins with the time and is greater than all others, under the lock of writers.

    So ids are in the order of time, and pages go on behind an id that was erased.
    """
    last = connection.execute(sa.select(sa.func.max(table.c.id))).scalar_one()
    stamp = max(int(now * 1000), int(last[:STAMP_CHARS], 16) + 1 if last else 0)
    return f"{stamp:0{STAMP_CHARS}x}{secrets.token_hex(10)}"


def _batches(items: Collection[str]) -> Iterator[list[str]]:
    rest = iter(items)
    while some := list(islice(rest, AT_ONCE)):
        yield some


def _records(chars: int | None) -> sa.Select[Any]:
    """The corrections with so much of their texts; None: all of it."""
    text = _text.c.text if chars is None else sa.func.substr(_text.c.text, 1, chars)
    return sa.select(_correction, _text.c.digest, text.label("text"), _text.c.title).join(_text)


def _record(row: RowMapping) -> FeedbackRecord:
    labels = row["labels"]
    copied = ("id", "owner", "request_id", "digest", "text", "title")
    return FeedbackRecord(
        **{name: row[name] for name in copied},
        by=row["person"],
        topic=labels["topic"],
        also=tuple(labels["also"]),
        stances={one["target"]: one["label"] for one in labels["stance"]},
        summary=row["summary"],
        note=row["note"],
        answered=row["answered"],
        created_s=row["created_s"],
    )
