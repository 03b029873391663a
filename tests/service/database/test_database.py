"""A database gets the tables of this version, whatever it was before, and whoever opens it too."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import service.api.app  # noqa: F401 - loads every store, and so every table
from service.database import database
from service.database.database import METADATA, VERSION_TABLE, Database, open_database
from service.errors import DatabaseNewer, DatabaseUnreachable
from service.jobs.sql_store import SqlJobStore
from service.settings import Settings
from tests.support.paths import ROOT

LAST = max(path.name[:4] for path in database.MIGRATIONS.glob("versions/0*.py"))
OLD = (
    "CREATE TABLE nutgraf_job (id VARCHAR(32) NOT NULL PRIMARY KEY, owner VARCHAR(200) NOT NULL, "
    "state VARCHAR(16) NOT NULL, file VARCHAR(64) NOT NULL, asked JSON NOT NULL, "
    "progress JSON NOT NULL, error TEXT, attempts INTEGER NOT NULL, "
    "created_s {double} NOT NULL, finished_s {double}, holder VARCHAR(32), "
    "held_until_s {double})",
    "CREATE INDEX nutgraf_job_by_state ON nutgraf_job (state, created_s)",
    "CREATE INDEX nutgraf_job_by_owner ON nutgraf_job (owner, created_s, id)",
    "INSERT INTO nutgraf_job (id, owner, state, file, asked, progress, attempts, created_s) "
    "VALUES ('a', 'ann', 'queued', 'input.csv', '[]', '[]', 0, 1.5)",
)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """A connection to the database that goes around the code under test."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    yield engine
    engine.dispose()


def version(engine: sa.Engine) -> str:
    with engine.begin() as connection:
        found = connection.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))
        return str(found.scalar_one())


def make_old(engine: sa.Engine) -> None:
    """A database as the versions without migrations made it, with a job."""
    double = "DOUBLE" if engine.dialect.name == "sqlite" else "DOUBLE PRECISION"
    with engine.begin() as connection:
        for statement in OLD:
            connection.execute(sa.text(statement.format(double=double)))


def assert_as_declared(engine: sa.Engine) -> None:
    """The tables are those of the code, to the last column and index."""
    with engine.connect() as connection:
        options = {"version_table": VERSION_TABLE, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, METADATA) == []


def test_the_steps_make_the_tables_that_the_code_declares(
    database_url: str, engine: sa.Engine
) -> None:
    Database(database_url).close()
    assert version(engine) == LAST
    assert_as_declared(engine)


def test_a_database_without_migrations_is_taken_over_with_its_jobs(
    database_url: str, engine: sa.Engine
) -> None:
    make_old(engine)
    opened = Database(database_url)
    found = SqlJobStore(opened, 60).get("a", "ann")
    opened.close()
    assert found is not None
    assert (found.file, found.name, found.created_s) == ("input.csv", "input.csv", 1.5)
    assert version(engine) == LAST
    assert_as_declared(engine)


def test_a_database_is_left_as_it_is_where_it_lacks_nothing(
    database_url: str, engine: sa.Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(2):
        Database(database_url).close()
    assert [record.message for record in caplog.records] == ["the database was brought up to date"]
    assert version(engine) == LAST


def test_a_newer_database_is_refused_and_left_alone(
    database_url: str, engine: sa.Engine, tmp_path: Path
) -> None:
    Database(database_url).close()
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer, match="install that version") as refused:
        open_database(tmp_path, Settings(database_url=database_url))
    assert "\n" not in str(refused.value)
    assert version(engine) == "9999"


def test_a_step_that_fails_leaves_the_database_as_it_was(
    database_url: str, engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_old(engine)
    steps = shutil.copytree(database.MIGRATIONS, tmp_path / "100% steps")
    last = next((steps / "versions").glob(f"{LAST}_*.py"))
    last.write_text(f"{last.read_text()}    op.drop_table('no_table')\n")
    monkeypatch.setattr(database, "MIGRATIONS", steps)
    with pytest.raises(DatabaseUnreachable):
        Database(database_url)
    monkeypatch.undo()
    assert not sa.inspect(engine).has_table(VERSION_TABLE)
    assert "name" not in {each["name"] for each in sa.inspect(engine).get_columns("nutgraf_job")}
    Database(database_url).close()
    assert_as_declared(engine)


@pytest.mark.parametrize("is_old", [False, True])
def test_replicas_that_start_at_once_run_each_step_once(
    database_url: str, engine: sa.Engine, is_old: bool
) -> None:
    if is_old:
        make_old(engine)
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(Database, [database_url] * 8))
    for each in opened:
        each.close()
    assert version(engine) == LAST
    assert_as_declared(engine)


def test_processes_that_start_at_once_run_each_step_once(
    database_url: str, engine: sa.Engine
) -> None:
    code = (
        "import sys; from service.database.database import Database; Database(sys.argv[1]).close()"
    )
    command = [sys.executable, "-c", code, database_url]
    running = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [process.communicate()[1] for process in running] == [""] * 4
    assert {process.returncode for process in running} == {0}
    assert version(engine) == LAST


def test_a_database_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable):
        Database(f"sqlite:///{tmp_path}/nowhere/jobs.db")
