"""Run by alembic, which is given an open connection: `service.database.database` does that."""

from alembic import context

from service.database.database import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
)
with context.begin_transaction():
    context.run_migrations()
