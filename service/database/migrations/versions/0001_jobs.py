"""The queue of jobs, as the versions without migrations made it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "nutgraf_job",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("file", sa.String(64), nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("progress", sa.JSON, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_s", sa.Double, nullable=False),
        sa.Column("finished_s", sa.Double),
        sa.Column("holder", sa.String(32)),
        sa.Column("held_until_s", sa.Double),
    )
    op.create_index("nutgraf_job_by_state", "nutgraf_job", ["state", "created_s"])
    op.create_index("nutgraf_job_by_owner", "nutgraf_job", ["owner", "created_s", "id"])
