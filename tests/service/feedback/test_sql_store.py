"""Feedback is kept once, seen by its owner, and erased everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.database.database import Database
from service.errors import DatabaseFull, DatabaseUnreachable
from service.feedback.sql_store import WRITE_LOCK, SqlFeedbackStore
from service.feedback.store import EVERYTHING, FeedbackRecord, KeptAnswer, Viewer
from tests.support.feedback import (
    ADMIN,
    ANN,
    BOB,
    DAY_S,
    TABLES,
    Clock,
    correction,
    kept,
    rows_of,
    store_in,
)

MANY = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(database_url: str) -> Iterator[Callable[[], Database]]:
    """`opened()`: another connection to one fresh database."""
    databases: list[Database] = []

    def make() -> Database:
        databases.append(Database(database_url))
        return databases[-1]

    yield make
    for database in databases:
        database.close()


@pytest.fixture
def store(opened: Callable[[], Database], clock: Clock) -> SqlFeedbackStore:
    return store_in(opened(), clock)


def added(store: SqlFeedbackStore, viewer: Viewer = ANN, **said: Any) -> FeedbackRecord:
    found = store.add(viewer, correction(**said))
    assert found is not None
    return found


def emptied(store: SqlFeedbackStore, clock: Clock) -> None:
    """Erase everything, so that the next example of a property begins anew."""
    clock.now += 100 * DAY_S
    store.erase_expired()


def test_a_correction_is_stored_as_it_is_sent(store: SqlFeedbackStore, clock: Clock) -> None:
    said: dict[str, Any] = {"title": "Rain", "topic": "sport", "also": ["weather"]}
    said["stance"] = [{"target": "rain", "label": "favor"}, {"label": "neutral"}]
    found = added(store, **said, summary="It rained.", note="Look at the score.")
    assert (found.topic, found.also, found.summary) == ("sport", ("weather",), "It rained.")
    assert found.stances == {"rain": "favor", None: "neutral"}
    assert (found.text, found.title, found.by) == ("Rain fell.", "Rain", "ann")
    assert (found.note, found.answered, found.created_s) == ("Look at the score.", None, clock.now)
    assert store.page(ANN, 10) == [found]


def test_a_kept_answer_is_corrected_by_its_request(store: SqlFeedbackStore) -> None:
    store.keep([kept("r1", "Rain fell on the port.")])
    found = added(store, request_id="r1")
    assert found.text == "Rain fell on the port."
    assert found.answered is not None
    assert (found.answered["topic"], found.answered["summary"]) == ("weather", "Rain")
    assert store.add(ANN, correction(request_id="r2")) is None


def test_a_text_that_was_answered_is_known_again(store: SqlFeedbackStore) -> None:
    store.keep([kept("r1")])
    assert added(store).answered is not None
    assert added(store, BOB).answered is None


def test_the_last_answer_of_a_request_id_counts(store: SqlFeedbackStore, database_url: str) -> None:
    store.keep([kept("r1", "Old news."), kept("r1", "New news.")])
    assert added(store, request_id="r1").text == "New news."
    store.erase_expired()
    assert [row["text"] for row in rows_of(database_url)["nutgraf_text"]] == ["New news."]


def test_feedback_is_its_owners(store: SqlFeedbackStore) -> None:
    store.keep([kept("r1")])
    mine, theirs = added(store, request_id="r1"), added(store, BOB)
    assert store.add(BOB, correction(request_id="r1")) is None
    assert [each.id for each in store.page(BOB, 10)] == [theirs.id]
    assert {each.id for each in store.page(ADMIN, 10)} == {mine.id, theirs.id}
    assert not store.erase(BOB, mine.id)
    assert store.erase_person(BOB, "ann") == 1
    assert [each.id for each in store.page(ADMIN, 10)] == [mine.id]
    assert store.erase_person(ADMIN, "ann") == 1


def test_an_admin_corrects_what_others_asked(store: SqlFeedbackStore) -> None:
    store.keep([kept("r1")])
    found = added(store, ADMIN, request_id="r1", by="chief")
    assert (found.owner, found.text) == (ADMIN.owner, "Rain fell.")
    added(store, request_id="r1", topic="weather")
    assert store.erase_person(ANN, "ann") == 1
    assert [each.text for each in store.page(ADMIN, 10)] == ["Rain fell."]


@given(sizes=st.tuples(st.integers(0, 12), st.integers(1, 5)), erased=st.sets(st.integers(0, 11)))
@MANY
def test_pages_show_each_correction_once_whatever_is_erased_meanwhile(
    store: SqlFeedbackStore, clock: Clock, sizes: tuple[int, int], erased: set[int]
) -> None:
    count, limit = sizes
    made = [added(store, text=f"News {number}.").id for number in range(count)]
    added(store, BOB)
    seen: list[str] = []
    gone: set[str] = set()
    while page := store.page(ANN, limit, seen[-1] if seen else None):
        seen += [each.id for each in page]
        for number in erased & set(range(count)):
            if made[number] in seen and made[number] not in gone:
                assert store.erase(ANN, made[number])
                gone.add(made[number])
    assert sorted(seen) == sorted(made)
    assert seen == sorted(seen, reverse=True)
    emptied(store, clock)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob"]),
        st.sampled_from([ANN, BOB, ADMIN]),
        st.sampled_from(["Rain fell.", "Goals fell."]),
        st.booleans(),
    ),
    max_size=8,
)


@given(steps=STEPS)
@MANY
def test_after_erasing_nothing_of_a_person_is_left_in_any_table(
    store: SqlFeedbackStore, clock: Clock, database_url: str, steps: list[tuple[Any, ...]]
) -> None:
    for number, (person, viewer, text, is_kept) in enumerate(steps):
        if is_kept:
            store.keep([kept(f"r{number}", text, viewer.owner)])
        said = {"request_id": f"r{number}"} if is_kept else {"text": text}
        added(store, viewer, by=person, note=f"{person} says so", **said)
    others = {each.id for each in store.page(EVERYTHING, 100) if each.by != "ann"}
    count = sum(person == "ann" for person, *_ in steps)
    assert store.erase_person(ADMIN, "ann") == count
    tables = rows_of(database_url)
    corrections = tables["nutgraf_correction"]
    assert {row["id"] for row in corrections} == others
    assert "ann says so" not in str(corrections)
    corrected = {row["text_id"] for row in corrections}
    assert {row["id"] for row in tables["nutgraf_text"]} == corrected
    assert {row["text_id"] for row in tables["nutgraf_answer"]} <= corrected
    emptied(store, clock)
    assert not any(rows_of(database_url).values())


def test_an_answer_that_was_never_corrected_outlives_a_person(store: SqlFeedbackStore) -> None:
    store.keep([kept("r1", "Rain fell."), kept("r2", "Goals fell.")])
    added(store, request_id="r1")
    store.erase_person(ANN, "ann")
    assert [each.request_id for each in store.candidates(ANN, 10)] == ["r2"]


def test_what_is_old_is_not_read_and_then_erased(
    store: SqlFeedbackStore, clock: Clock, database_url: str
) -> None:
    store.keep([kept("r1"), kept("r2", "Snow fell.")])
    clock.now += 20 * DAY_S
    late = added(store, request_id="r1")
    clock.now += 11 * DAY_S
    assert store.candidates(ANN, 10) == []
    assert store.add(ANN, correction(request_id="r2")) is None
    assert store.page(ANN, 10) == [late]
    assert store.erase_expired() == 2
    assert [row["text"] for row in rows_of(database_url)["nutgraf_text"]] == ["Rain fell."]
    clock.now += 20 * DAY_S
    assert store.page(ANN, 10) == list(store.all()) == store.of_texts(ANN, {late.digest}) == []
    assert store.erase_expired() == 1
    assert not any(rows_of(database_url).values())


def test_two_writers_keep_one_text_and_both_corrections(
    opened: Callable[[], Database], database_url: str
) -> None:
    stores = [store_in(opened()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        people = [f"p{number}" for number in range(16)]
        list(pool.map(lambda n: added(stores[n % 4], by=people[n]), range(16)))
        assert len(rows_of(database_url)["nutgraf_text"]) == 1
        erased = pool.map(lambda n: stores[n % 4].erase_person(ANN, people[n]), range(8))
        more = pool.map(lambda n: added(stores[n % 4], by=f"q{n}"), range(8))
        assert [*erased] == [1] * 8
        assert len([*more]) == 8
    tables = rows_of(database_url)
    assert [len(tables[table]) for table in TABLES] == [1, 0, 16]


def test_a_long_export_takes_all_in_order(
    store: SqlFeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.feedback.sql_store.AT_ONCE", 2)
    made = [added(store, text=f"News {number}.") for number in range(5)]
    assert [each.text for each in store.all()] == [each.text for each in made]
    assert len(store.of_texts(ANN, {each.digest for each in made})) == 5


def test_the_least_certain_answers_are_candidates(store: SqlFeedbackStore) -> None:
    answers = {"sure": 0.9, "unsure": 0.1, "withheld": -0.5, "none": None}
    store.keep([_with_margin(name, margin) for name, margin in answers.items()])
    assert [each.request_id for each in store.candidates(ANN, 2)] == ["withheld", "unsure"]
    assert [each.request_id for each in store.candidates(ADMIN, 9)] == [
        "withheld",
        "unsure",
        "sure",
    ]
    assert store.candidates(BOB, 9) == []
    store.keep([kept("again", "unsure")])
    assert "unsure" not in [each.request_id for each in store.candidates(ANN, 9)]


def _with_margin(name: str, margin: float | None) -> KeptAnswer:
    return replace(kept(name, name), margin=margin)


def test_erased_texts_are_not_in_the_file_any_more(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    database = Database(f"sqlite:///{path}")
    store = store_in(database)
    added(store, text="A secret about zanzibar. " * 500, note="zanzibar")
    assert any(b"zanzibar" in each.read_bytes() for each in tmp_path.iterdir())
    store.erase_person(ANN, "ann")
    assert not any(b"zanzibar" in each.read_bytes() for each in tmp_path.iterdir())
    database.close()


def test_a_full_disk_is_told_and_keeps_nothing_by_halves(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'jobs.db'}"
    database = Database(url)
    store = store_in(database)
    sa.event.listen(database._engine, "connect", _with_little_room)
    database._engine.dispose()
    with pytest.raises(DatabaseFull, match="full"):
        added(store, text="Rain fell on the port. " * 50_000)
    assert not any(rows_of(url).values())
    database.close()


def _with_little_room(connection: Any, _: object) -> None:
    connection.execute("PRAGMA max_page_count = 40")


def test_a_database_that_is_gone_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    store = store_in(database)
    with database.writing(WRITE_LOCK) as connection:
        for table in ("nutgraf_text", "nutgraf_correction"):
            connection.execute(sa.text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    for call in (
        lambda: added(store),
        lambda: store.page(ANN, 1),
        lambda: store.erase_person(ANN, "ann"),
        lambda: store.keep([kept("r1")]),
        lambda: store.candidates(ANN, 1),
        store.erase_expired,
    ):
        with pytest.raises(DatabaseUnreachable):
            call()
    database.close()
