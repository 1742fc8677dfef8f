"""Tasks are found by their words, tasks and cases counted from indexes that have all that is counted by."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from kt_flows.store.words import words

revision = "0006"
down_revision = "0005"

OPEN = sa.text("state in ('open', 'claimed')")
DUE = sa.text("(variables ->> 'due_at')")
CAN_BE_LATE = sa.text(
    "status = 'active' and variables ->> 'due_at' "
    "~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?Z$' "
    "and variables ->> 'breached' is distinct from 'true'"
)
AT_ONCE = 2_000
FILL = sa.text(
    """
    update task set branch = left(task.variables ->> 'branch', 64), words = array_to_tsvector(given.words)
    from jsonb_to_recordset(cast(:rows as jsonb)) as given(id uuid, words text[])
    where task.id = given.id
    """
)


def upgrade() -> None:
    op.add_column("task", sa.Column("branch", sa.Text()))
    op.add_column("task", sa.Column("words", TSVECTOR()))
    _fill()
    op.drop_index("ix_task_open_due", "task")
    covered = ["groups", "assignee", "definition_key", "branch"]
    op.create_index("ix_task_open_due", "task", ["due_at", "id"], postgresql_include=covered, postgresql_where=OPEN)
    op.create_index("ix_task_open_words", "task", ["words"], postgresql_using="gin", postgresql_where=OPEN)
    op.create_index("ix_instance_due", "instance", [DUE, "id"], postgresql_where=CAN_BE_LATE)


def _fill() -> None:
    """Of what is open; nobody looks for the words of what is over."""
    connection = op.get_bind()
    query = sa.select(sa.text("id, name, business_key, variables from task")).where(OPEN)
    for rows in connection.execute(query.execution_options(stream_results=True)).partitions(AT_ONCE):
        given = [{"id": str(row[0]), "words": words(*row[1:])} for row in rows]
        connection.execute(FILL, {"rows": json.dumps(given)})


def downgrade() -> None:
    op.drop_index("ix_instance_due", "instance")
    op.drop_index("ix_task_open_words", "task")
    op.drop_index("ix_task_open_due", "task")
    op.create_index("ix_task_open_due", "task", ["due_at", "id"], postgresql_where=OPEN)
    op.drop_column("task", "words")
    op.drop_column("task", "branch")
