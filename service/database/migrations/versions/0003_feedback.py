"""Feedback: texts, the answers that were given for them, and people's corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "nutgraf_text",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("title", sa.Text),
    )
    op.create_index("nutgraf_text_by_digest", "nutgraf_text", ["digest"])
    op.create_table(
        "nutgraf_answer",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("text_id", sa.String(64), sa.ForeignKey("nutgraf_text.id"), nullable=False),
        sa.Column("margin", sa.Double),
        sa.Column("answer", sa.JSON, nullable=False),
        sa.Column("created_s", sa.Double, nullable=False),
    )
    op.create_index(
        "nutgraf_answer_by_request", "nutgraf_answer", ["owner", "request_id"], unique=True
    )
    op.create_index("nutgraf_answer_by_text", "nutgraf_answer", ["text_id"])
    op.create_index("nutgraf_answer_by_age", "nutgraf_answer", ["created_s"])
    op.create_table(
        "nutgraf_correction",
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
    )
    op.create_index("nutgraf_correction_by_owner", "nutgraf_correction", ["owner", "id"])
    op.create_index("nutgraf_correction_by_person", "nutgraf_correction", ["person"])
    op.create_index("nutgraf_correction_by_text", "nutgraf_correction", ["text_id"])
    op.create_index("nutgraf_correction_by_age", "nutgraf_correction", ["created_s"])
