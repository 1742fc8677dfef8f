"""The task list in the order in which people work it off, from an index instead of by sorting all open tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index(
        "ix_task_open_urgent",
        "task",
        [
            sa.text("coalesce(due_at, '9999-12-31 00:00:00+00'::timestamptz)"),
            sa.text("priority DESC"),
            "created_at",
            "id",
        ],
        postgresql_where=sa.text("state in ('open', 'claimed')"),
    )


def downgrade() -> None:
    op.drop_index("ix_task_open_urgent", "task")
