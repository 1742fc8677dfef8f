"""Filters of the task list that people keep, and share with their groups."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, UUID

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "filter",
        sa.Column("id", UUID(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("groups", ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_filter"),
        sa.UniqueConstraint("owner", "name", name="uq_filter_owner_name"),
    )
    op.create_index("ix_filter_groups", "filter", ["groups"], postgresql_using="gin")


def downgrade() -> None:
    op.drop_table("filter")
