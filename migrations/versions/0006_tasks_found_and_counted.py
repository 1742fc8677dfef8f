"""Tasks are found by their words, tasks and cases counted from indexes that have all that is counted by."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from kt_flows.store.words import words

revision = "0006"
down_revision = "0005"

OPEN = sa.text("state in ('open', 'claimed')")
OVER = sa.text("state in ('completed', 'cancelled')")
DUE = sa.text("(variables ->> 'due_at')")
CAN_BE_LATE = sa.text(
    "status = 'active' and variables ->> 'due_at' "
    "~ '^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?Z$' "
    "and variables ->> 'breached' is distinct from 'true'"
)
AT_ONCE = 2_000
FILL = """
    update {table} set {branch}words = array_to_tsvector(given.words)
    from jsonb_to_recordset(cast(:rows as jsonb)) as given(instance_id uuid, id uuid, words text[])
    where {table}.instance_id = given.instance_id and {table}.id = given.id
    """
BRANCH = "branch = left(task.variables ->> 'branch', 64), "


def upgrade() -> None:
    op.add_column("task", sa.Column("branch", sa.Text()))
    for table, branch in (("task", BRANCH), ("past_task", "")):
        op.add_column(table, sa.Column("words", TSVECTOR()))
        _fill(table, branch)
    op.drop_index("ix_task_open_due", "task")
    covered = ["groups", "assignee", "definition_key", "branch"]
    op.create_index("ix_task_open_due", "task", ["due_at", "id"], postgresql_include=covered, postgresql_where=OPEN)
    op.create_index("ix_task_open_words", "task", ["words"], postgresql_using="gin", postgresql_where=OPEN)
    op.create_index("ix_task_over_words", "task", ["words"], postgresql_using="gin", postgresql_where=OVER)
    op.create_index("ix_past_task_words", "past_task", ["words"], postgresql_using="gin")
    op.create_index("ix_instance_due", "instance", [DUE, "id"], postgresql_where=CAN_BE_LATE)


def _fill(table: str, branch: str) -> None:
    connection = op.get_bind()
    query = sa.text(f"select instance_id, id, name, business_key, variables from {table}")  # noqa: S608 - ours
    for rows in connection.execute(query.execution_options(stream_results=True)).partitions(AT_ONCE):
        given = [{"instance_id": str(row[0]), "id": str(row[1]), "words": words(*row[2:])} for row in rows]
        connection.execute(sa.text(FILL.format(table=table, branch=branch)), {"rows": json.dumps(given)})


def downgrade() -> None:
    op.drop_index("ix_instance_due", "instance")
    op.drop_index("ix_past_task_words", "past_task")
    op.drop_index("ix_task_over_words", "task")
    op.drop_index("ix_task_open_words", "task")
    op.drop_index("ix_task_open_due", "task")
    op.create_index("ix_task_open_due", "task", ["due_at", "id"], postgresql_where=OPEN)
    op.drop_column("past_task", "words")
    op.drop_column("task", "words")
    op.drop_column("task", "branch")
