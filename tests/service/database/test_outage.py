"""A fault that lasts is two lines in the log."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path

import pytest

from models.errors import NutgrafError
from service.archive import scoring
from service.archive.errors import StorageFailed
from service.database.outage import Outage
from service.jobs import runner
from tests.support.replicas import NDJSON, ended, until
from tests.support.service_fixtures import Serve

logger = logging.getLogger("nutgraf.test")
LINES = b'{"text": "Rain fell on the harbour."}\n'


def outage() -> Outage:
    return Outage(logger, "it fails", "it works again")


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records]


def test_it_is_told_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    fault = outage()
    fault.worked("reading")
    for _ in range(24):
        fault.failed("reading", OSError(28, "No space left on device"))
        fault.failed("writing", StorageFailed("the disk is full"))
    fault.worked("reading")
    assert messages(caplog) == ["it fails"]
    fault.worked("writing")
    fault.worked("writing")
    assert messages(caplog) == ["it fails", "it works again"]


@pytest.mark.parametrize(
    "error", [OSError(28, "full"), NutgrafError("full"), sqlite3.OperationalError("full")]
)
def test_only_a_fault_of_the_code_has_a_traceback(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outage().failed("writing", error)
    (record,) = caplog.records
    is_expected = not isinstance(error, sqlite3.OperationalError)  # SQLAlchemy wraps its own
    assert (record.exc_info is None) == is_expected


@pytest.mark.anyio
async def test_a_database_that_is_gone_for_long_is_two_lines(
    tmp_path: Path,
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(runner, "IDLE_S", 0.01)
    monkeypatch.setattr(runner, "SWEEP_S", 0.01)
    failures: list[str] = []
    failed = Outage.failed

    def count(fault: Outage, step: str, error: Exception, **extra: object) -> None:
        failures.append(step)
        failed(fault, step, error, **extra)

    monkeypatch.setattr(Outage, "failed", count)
    async with serve(data=tmp_path):
        with sqlite3.connect(tmp_path / "jobs.db") as database:
            database.execute("ALTER TABLE nutgraf_job RENAME TO away")
        await until(lambda: min(failures.count("scoring"), failures.count("sweeping")) > 10)
        with sqlite3.connect(tmp_path / "jobs.db") as database:
            database.execute("ALTER TABLE away RENAME TO nutgraf_job")
        database.close()
        await until(lambda: "the jobs can be reached again" in messages(caplog))
    told = [record for record in caplog.records if record.name == "nutgraf.jobs"]
    assert [record.message for record in told] == [
        "the jobs cannot be reached",
        "the jobs can be reached again",
    ]
    assert all(record.exc_info is None for record in told)


@pytest.mark.anyio
async def test_a_job_on_a_full_disk_is_told_once(
    tmp_path: Path,
    serve: Serve,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(runner, "IDLE_S", 0.01)
    monkeypatch.setattr(runner, "MAX_ATTEMPTS", 1000)
    score, tries = scoring.score, 0

    def full(*arguments: object, **options: object) -> object:
        nonlocal tries
        tries += 1
        if tries <= 10:
            raise StorageFailed("the scores could not be written (No space left on device)")
        return score(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(scoring, "score", full)
    async with serve(data=tmp_path) as client:
        added = await client.post("/v1/jobs", content=LINES, headers=NDJSON)
        found = await ended(client, added.json()["id"])
        await until(lambda: "jobs go on" in messages(caplog))
    assert found["state"] == "done"
    told = [record.message for record in caplog.records if record.name == "nutgraf.jobs"]
    assert told == ["a job stopped; it is tried again", "a job ended", "jobs go on"]
