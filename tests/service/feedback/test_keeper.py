"""Answers are kept beside the requests. A fault of the database is two lines in the log."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from models.article import Article
from service.database.database import Database
from service.errors import DatabaseUnreachable
from service.feedback import keeper
from service.feedback.keeper import Feedback, kept_answer
from service.feedback.sql_store import SqlFeedbackStore
from tests.support.feedback import ANN, DAY_S, Clock, answer_to, store_in
from tests.support.replicas import until

pytestmark = pytest.mark.anyio

RAIN = Article("Rain fell.")


class Failing(SqlFeedbackStore):
    """Its database is away for so many calls."""

    failures = 0

    def keep(self, answers: Any) -> None:
        self._fail()
        super().keep(answers)

    def erase_expired(self) -> int:
        self._fail()
        return super().erase_expired()

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise DatabaseUnreachable("The database cannot be reached.")


def failing(tmp_path: Path, clock: Clock) -> Failing:
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    return Failing(database, 30 * DAY_S, clock)


def offer(feedback: Feedback, request_id: str, article: Article = RAIN) -> None:
    feedback.keep(ANN.owner, request_id, article, answer_to(article.text or ""))


async def stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def test_what_is_offered_is_there_once_it_has_settled(tmp_path: Path) -> None:
    store = store_in(Database(f"sqlite:///{tmp_path / 'jobs.db'}"))
    feedback = Feedback(store, keeps_texts=True)
    running = asyncio.create_task(feedback.run())
    for number in range(5):
        offer(feedback, f"r{number}", Article(f"News {number}."))
    offer(feedback, "nul", Article("Rain\0fell."))
    await feedback.settle()
    found = {each.request_id for each in store.candidates(ANN, 10)}
    assert found == {f"r{number}" for number in range(5)}
    await stopped(running)
    store._database.close()


async def test_nothing_is_kept_unless_texts_are(tmp_path: Path) -> None:
    store = store_in(Database(f"sqlite:///{tmp_path / 'jobs.db'}"))
    feedback = Feedback(store, keeps_texts=False)
    offer(feedback, "r1")
    await feedback.settle()
    assert store.candidates(ANN, 10) == []
    store._database.close()


async def test_a_lasting_fault_is_two_lines_and_costs_the_answers_of_its_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, "nutgraf.feedback")
    monkeypatch.setattr(keeper, "SWEEP_S", 0.001)
    store = failing(tmp_path, Clock())
    store.failures = 20
    feedback = Feedback(store, keeps_texts=True)
    running = asyncio.create_task(feedback.run())
    offer(feedback, "lost")
    await until(lambda: store.failures == 0)
    offer(feedback, "kept")
    await feedback.settle()
    assert "kept" in [each.request_id for each in store.candidates(ANN, 10)]
    await until(lambda: len(told(caplog)) == 2)
    await stopped(running)
    assert told(caplog) == [
        "feedback cannot be kept or erased",
        "feedback is kept and erased again",
    ]
    assert all(each.exc_info is None for each in caplog.records)
    store._database.close()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.message for each in caplog.records if each.name == "nutgraf.feedback"]


async def test_what_is_old_is_erased_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "SWEEP_S", 0.001)
    clock = Clock()
    store = failing(tmp_path, clock)
    feedback = Feedback(store, keeps_texts=True)
    running = asyncio.create_task(feedback.run())
    offer(feedback, "r1")
    await feedback.settle()
    assert store.candidates(ANN, 10)
    clock.now += 31 * DAY_S
    erased: list[int] = []
    erase = store.erase_expired
    monkeypatch.setattr(store, "erase_expired", lambda: erased.append(erase()))
    await until(lambda: bool(erased))
    clock.now -= 31 * DAY_S
    assert store.candidates(ANN, 10) == []
    await stopped(running)
    store._database.close()


async def test_more_than_can_wait_are_not_kept_and_no_request_waits() -> None:
    feedback = Feedback(None, keeps_texts=True)  # type: ignore[arg-type]
    for number in range(keeper.MAX_WAITING + 5):
        offer(feedback, str(number))
    assert feedback._offers.qsize() == keeper.MAX_WAITING


def test_of_a_page_the_text_that_was_read_is_kept() -> None:
    answer = answer_to("Rain fell.")
    answer = replace(answer, input=replace(answer.input, text="Rain fell."))
    found = kept_answer("", "r1", Article(html="<p>Rain fell.</p>"), answer)
    assert found.text == "Rain fell."
    assert found.answer["input"].get("text") is None
    assert found.margin == 0.5
