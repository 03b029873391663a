"""What the client called the archive. It is null in jobs of before, and in those of a replica that
has not been upgraded yet."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("nutgraf_job", sa.Column("name", sa.String(200)))
