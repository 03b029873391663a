"""The database of the service, SQLite or PostgreSQL, with its tables as this version needs them.

A store keeps its table beside its queries, on `METADATA`. A table is made and changed by the steps
in `migrations` alone. All steps that a database lacks run when it is opened: in one transaction,
under a lock, so that replicas that start at once wait for each other.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from service.errors import DatabaseFull, DatabaseNewer, DatabaseUnreachable
from service.settings import Settings

DATABASE = "jobs.db"
METADATA = sa.MetaData()
MIGRATIONS = Path(__file__).with_name("migrations")
VERSION_TABLE = "nutgraf_schema"
"""Where alembic keeps the number of the last step. Others may use the database too."""
FIRST_TABLE, FIRST_STEP = "nutgraf_job", "0001"
"""A database with this table and without a number is of a version that had no migrations."""
MIGRATION_LOCK = 0x6E757467
"""A number of our own, for PostgreSQL's advisory lock."""
DISK_FULL = "53100"
"""PostgreSQL's code for it. SQLite says `SQLITE_FULL`."""
RETRY_AFTER_S = 5

logging.getLogger("alembic").setLevel(logging.WARNING)
logger = logging.getLogger("nutgraf.database")


class Database:
    """A database that is open. All methods raise DatabaseUnreachable, or DatabaseFull of its kind.

    Opening it raises DatabaseNewer, ImportError where the database's driver is not installed, and
    `sqlalchemy.exc.ArgumentError` where the URL is none.
    """

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
        if self._engine.dialect.name == "sqlite":
            sa.event.listen(self._engine, "connect", _set_up_sqlite)
        try:
            with self.transaction() as connection:
                migrate(connection)
        except BaseException:
            self.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose changes are kept at the end, all of them or none."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.SQLAlchemyError as error:
            if _is_full(error):
                raise DatabaseFull("The disk of the database is full; make room there.") from error
            raise DatabaseUnreachable(
                "The database cannot be reached; try again.", RETRY_AFTER_S
            ) from error

    @contextmanager
    def writing(self, lock: int) -> Iterator[Connection]:
        """A transaction in which no other process writes under the same lock."""
        with self.transaction() as connection:
            _lock(connection, lock)
            yield connection

    def overwrite_erased(self) -> None:
        """Take what was erased out of SQLite's log too, or leave that to the next call."""
        if self._engine.dialect.name == "sqlite":
            with suppress(DatabaseUnreachable), self.transaction() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def open_database(data: Path, settings: Settings) -> Database:
    """The database of the settings, or one in `data`.

    Raises DatabaseUnreachable, whose message shows no URL.
    """
    url = settings.database_url or f"sqlite:///{data / DATABASE}"
    try:
        data.mkdir(parents=True, exist_ok=True)
        return Database(url)
    except DatabaseNewer:
        raise
    except ImportError as error:
        raise DatabaseUnreachable(
            "NUTGRAF_DATABASE_URL: its driver is missing; for PostgreSQL install "
            "nutgraf[postgres] and begin the URL with postgresql+psycopg://"
        ) from error
    except (OSError, sa.exc.SQLAlchemyError, DatabaseUnreachable) as error:
        cause = type(error.__cause__ or error).__name__
        raise DatabaseUnreachable(
            f"there is no place for the database ({cause}); "
            "see NUTGRAF_DATA and NUTGRAF_DATABASE_URL"
        ) from error


def migrate(connection: Connection) -> None:
    """Run the steps that the database lacks. Raises DatabaseNewer where it has unknown ones."""
    _lock(connection, MIGRATION_LOCK)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    steps = [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]
    found = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    version = found.get_current_revision()
    if version == steps[0]:
        return
    if version is not None and version not in steps:
        raise DatabaseNewer(
            "the database was made by a newer version of nutgraf; install that version, "
            "or name another database in NUTGRAF_DATABASE_URL"
        )
    if version is None and sa.inspect(connection).has_table(FIRST_TABLE):
        command.stamp(config, FIRST_STEP)
    command.upgrade(config, "head")
    logger.info("the database was brought up to date", extra={"step": steps[0]})


def _lock(connection: Connection, number: int) -> None:
    """Wait until no other replica holds the lock; in SQLite, any. It ends with the transaction."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    elif connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))


def now_s(connection: Connection) -> float:
    """The database's own time, in seconds since 1970. All replicas share it."""
    is_sqlite = connection.dialect.name == "sqlite"
    clock = (
        "(julianday('now') - 2440587.5) * 86400.0"
        if is_sqlite
        else "extract(epoch from clock_timestamp())"
    )
    return float(connection.execute(sa.text(f"SELECT {clock}")).scalar_one())


def _set_up_sqlite(connection: Any, _: object) -> None:
    """Readers and the writer work side by side, and a writer waits for the one before it.

    What is deleted is overwritten.
    """
    connection.execute("PRAGMA busy_timeout = 10000")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA secure_delete = ON")


def _is_full(error: sa.exc.SQLAlchemyError) -> bool:
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return code in ("SQLITE_FULL", DISK_FULL)
