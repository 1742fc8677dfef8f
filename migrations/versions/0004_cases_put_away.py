"""Cases that are over leave the tables of those that run; they and the history lie in months, which go at once."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

revision = "0004"
down_revision = "0003"

CASE = (
    "id, definition_id, definition_key, version, bundle_id, business_key, source, body_hash, status, started_by, "
    "variables, started_at, ended_at"
)
TASK = (
    "id, instance_id, wait, definition_key, process_key, element_id, name, form_key, groups, assignee, state, "
    "priority, business_key, variables, created_at, due_at, completed_at, completed_by"
)


def upgrade() -> None:
    present = datetime.now(UTC)
    bounds = [_first_id(present, after) for after in range(1, 4)]
    months = [_month(present, after) for after in range(3)]
    op.create_table(
        "past_instance",
        sa.Column("id", UUID(), nullable=False),
        sa.Column("definition_id", UUID(), nullable=False),
        sa.Column("definition_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("bundle_id", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("body_hash", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("variables", JSONB(), nullable=False),
        sa.Column("started_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kept_until", sa.TIMESTAMP(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_past_instance"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("ix_past_instance_natural", "past_instance", ["source", "business_key"])
    op.create_index("ix_past_instance_business_key", "past_instance", ["business_key"])
    op.create_index("ix_past_instance_started", "past_instance", [sa.text("started_at DESC"), sa.text("id DESC")])
    op.create_table(
        "past_task",
        sa.Column("instance_id", UUID(), nullable=False),
        sa.Column("id", UUID(), nullable=False),
        sa.Column("wait", sa.Integer(), nullable=False),
        sa.Column("definition_key", sa.Text(), nullable=False),
        sa.Column("process_key", sa.Text(), nullable=False),
        sa.Column("element_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("form_key", sa.Text()),
        sa.Column("groups", ARRAY(sa.Text()), nullable=False),
        sa.Column("assignee", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("business_key", sa.Text()),
        sa.Column("variables", JSONB(), nullable=False),
        sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("completed_at", sa.TIMESTAMP(timezone=True)),
        sa.Column("completed_by", sa.Text()),
        sa.Column("comments", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "id", name="pk_past_task"),
        postgresql_partition_by="RANGE (instance_id)",
    )
    op.create_index("ix_past_task_id", "past_task", ["id"])
    # What there is becomes the first partition as it lies: no row is copied.
    op.rename_table("history", f"history_{months[0]}")
    op.execute(f"alter index pk_history rename to pk_history_{months[0]}")
    _history("history", "PRIMARY KEY (instance_id, id)", " PARTITION BY RANGE (instance_id)")
    op.execute(
        f"alter table history attach partition history_{months[0]} for values from (minvalue) to ('{bounds[0]}')"
    )
    for table in ("history", "past_instance", "past_task"):
        op.execute(f"create table {table}_rest partition of {table} default")
        for month, first, end in zip(months, ("minvalue", *(f"'{one}'" for one in bounds)), bounds, strict=False):
            if (table, month) != ("history", months[0]):
                op.execute(
                    f"create table {table}_{month} partition of {table} for values from ({first}) to ('{end}')"
                )
    resting, ended = sa.text("status in ('active', 'suspended')"), sa.text("ended_at is not null")
    op.create_index("ix_instance_resting", "instance", ["id"], postgresql_where=resting)
    op.create_index("ix_instance_ended", "instance", ["ended_at"], postgresql_where=ended)
    op.create_index("ix_job_instance_id", "job", ["instance_id"])


def downgrade() -> None:
    """Cases that were put away come back, but for their snapshots, which nobody goes on from, and their jobs."""
    op.drop_index("ix_job_instance_id", "job")
    op.drop_index("ix_instance_ended", "instance")
    op.drop_index("ix_instance_resting", "instance")
    op.execute(f"insert into instance ({CASE}, snapshot) select {CASE}, '' from past_instance")  # noqa: S608 - ours
    op.execute(f"insert into task ({TASK}) select {TASK} from past_task")  # noqa: S608 - ours
    op.execute(
        "insert into comment (id, task_id, at, actor, text) "
        "select said.id, past_task.id, said.at, said.actor, said.text "
        "from past_task, jsonb_to_recordset(comments) as said(id uuid, at timestamptz, actor text, text text)"
    )
    op.drop_table("past_task")
    op.drop_table("past_instance")
    op.rename_table("history", "history_in_months")
    op.execute("alter index pk_history rename to pk_history_in_months")
    _history("history", "PRIMARY KEY (instance_id, id)")
    op.execute("insert into history select * from history_in_months")
    op.drop_table("history_in_months")


def _history(name: str, key: str, parted: str = "") -> None:
    op.execute(
        f"create table {name} (instance_id uuid not null, id uuid not null, at timestamptz not null, "
        "kind text not null, element_id text, definition_key text, actor text not null, detail jsonb not null, "
        f"constraint pk_{name} {key}){parted}"
    )


def _begins(present: datetime, after: int) -> datetime:
    years, month = divmod(present.month - 1 + after, 12)
    return datetime(present.year + years, month + 1, 1, tzinfo=UTC)


def _month(present: datetime, after: int) -> str:
    return f"{_begins(present, after):%Y_%m}"


def _first_id(present: datetime, after: int) -> str:
    """The smallest UUIDv7 of a month."""
    digits = f"{int(_begins(present, after).timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-0000-0000-000000000000"
