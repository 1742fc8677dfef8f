"""All tables on one page.

A `definition` is one version of a process: its folder's bytes by digest.  A `bundle` is the set of versions that a
case is bound to at its start.  An `instance` is a case: its `snapshot` is the engine's, every other row about it is
derived from the Step that a move answered, so that lists and claims need not read snapshots.

`task` (people), `job` (timers, retries, outside calls, incidents: everything with a date) and `message_wait` are what
a case waits for; each carries the engine's wait number, unique in its instance.  Rows of `task` and `job` that are
over stay as long as their case does; open waits are deleted.  `message` is the memory of the one door for messages:
what came, what became of it, what is kept for a case that does not wait yet.  `message_key` is a row to lock, so that
equal messages and starts take turns.  `mail_out` and `mail_in` are the same for mail.  `history` and `event` are only
ever added to.

Some time after its end a case is put away: into `past_instance` and `past_task`, out of the way of those that run.
These two, `history` and `attachment` (files that people have put to a case) lie in partitions by the month in which
their cases began (store/months.py), so that a month whose cases have all had their time goes at once.

Every key of what a case owns begins with, or finds, its instance: the way to sharding by instance stays open.  Ids
are UUIDv7, so that rows of one time lie together.  Locks are taken in one order: instance, then job, then the rest.
There are no triggers, no advisory locks, no functions in the database.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TSVECTOR, UUID

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _at(name: str, **options: object) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), **options)  # type: ignore[arg-type]


def _id() -> sa.Column[object]:
    return sa.Column("id", UUID(as_uuid=True), primary_key=True)


def _of(name: str, column: str, **options: object) -> sa.Column[object]:
    return sa.Column(name, UUID(as_uuid=True), sa.ForeignKey(column), **options)  # type: ignore[arg-type]


OPEN_TASKS = ("open", "claimed")
OVER_TASKS = ("completed", "cancelled")
LIVE_JOBS = ("available", "running", "stuck")
FAR = "'9999-12-31 00:00:00+00'::timestamptz"
"""Where a task without a due date stands in the order of urgency."""

CASE_DUE = "(instance.variables ->> 'due_at')"
"""Until when a case must be done, as its variables say; times of this spelling sort as texts."""
_TIME = "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?Z$"
CASE_HAS_DUE = (
    f"instance.status = 'active' and instance.variables ->> 'due_at' ~ '{_TIME}' "
    "and instance.variables ->> 'breached' is distinct from 'true'"
)
"""Cases that run and can still be late."""

deployment = sa.Table(
    "deployment",
    metadata,
    _id(),
    _at("created_at", nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
)

definition = sa.Table(
    "definition",
    metadata,
    _id(),
    _of("deployment_id", "deployment.id", nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("files", BYTEA, nullable=False),  # a zip of the folder
    sa.Column("start_messages", ARRAY(sa.Text), nullable=False),
    sa.Column("calls", ARRAY(sa.Text), nullable=False),  # keys of the processes that it calls
    sa.Column("messages", JSONB, nullable=False),  # name to {correlation, payload, keep, again}
    _at("created_at", nullable=False),
    sa.UniqueConstraint("key", "version"),
)

bundle = sa.Table(
    "bundle",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),  # digest of its members
    sa.Column("members", JSONB, nullable=False),  # process key to definition id
)

instance = sa.Table(
    "instance",
    metadata,
    _id(),
    _of("definition_id", "definition.id", nullable=False),
    sa.Column("definition_key", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("bundle_id", sa.Text, sa.ForeignKey("bundle.id"), nullable=False),
    sa.Column("business_key", sa.Text),
    sa.Column("source", sa.Text),
    sa.Column("body_hash", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),  # active, suspended, completed, cancelled
    sa.Column("started_by", sa.Text, nullable=False),
    sa.Column("variables", JSONB, nullable=False),
    sa.Column("snapshot", BYTEA, nullable=False),
    _at("started_at", nullable=False),
    _at("ended_at"),
    sa.Index("uq_instance_source_business_key", "source", "business_key", unique=True),
    sa.Index("ix_instance_started", sa.text("started_at DESC"), sa.text("id DESC")),
    sa.Index("ix_instance_business_key", "business_key"),
    sa.Index("ix_instance_resting", "id", postgresql_where=sa.text("status in ('active', 'suspended')")),
    sa.Index(
        "ix_instance_due",
        sa.text(CASE_DUE.replace("instance.", "")),
        "id",
        postgresql_where=sa.text(CASE_HAS_DUE.replace("instance.", "")),
    ),
    sa.Index("ix_instance_ended", "ended_at", postgresql_where=sa.text("ended_at is not null")),
    sa.Index(
        "ix_instance_variables", "variables", postgresql_using="gin", postgresql_ops={"variables": "jsonb_path_ops"}
    ),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("caller", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("body_hash", sa.Text, nullable=False),
    sa.Column("instance_id", UUID(as_uuid=True), nullable=False),
    _at("created_at", nullable=False),
)

task = sa.Table(
    "task",
    metadata,
    _id(),
    _of("instance_id", "instance.id", nullable=False),
    sa.Column("wait", sa.Integer, nullable=False),
    sa.Column("definition_key", sa.Text, nullable=False),  # the case's
    sa.Column("process_key", sa.Text, nullable=False),  # where the element and its form stand
    sa.Column("element_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("form_key", sa.Text),
    sa.Column("groups", ARRAY(sa.Text), nullable=False),
    sa.Column("assignee", sa.Text),
    sa.Column("state", sa.Text, nullable=False),  # open, claimed, completed, cancelled
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("business_key", sa.Text),
    sa.Column("variables", JSONB, nullable=False),
    sa.Column("draft", JSONB),
    _at("created_at", nullable=False),
    _at("due_at"),
    _at("completed_at"),
    sa.Column("completed_by", sa.Text),
    sa.Column("branch", sa.Text),  # the variable
    sa.Column("words", TSVECTOR),  # as long as it is open: store/words.py
    sa.UniqueConstraint("instance_id", "wait"),
    sa.Index(
        "ix_task_open_groups",
        "groups",
        postgresql_using="gin",
        postgresql_where=sa.text(f"state in {OPEN_TASKS}"),
    ),
    sa.Index(
        "ix_task_open_due",
        "due_at",
        "id",
        postgresql_include=["groups", "assignee", "definition_key", "branch"],  # so that counts read it alone
        postgresql_where=sa.text(f"state in {OPEN_TASKS}"),
    ),
    sa.Index(
        "ix_task_open_words", "words", postgresql_using="gin", postgresql_where=sa.text(f"state in {OPEN_TASKS}")
    ),
    sa.Index(
        "ix_task_open_urgent",
        sa.text(f"coalesce(due_at, {FAR})"),
        sa.text("priority DESC"),
        "created_at",
        "id",
        postgresql_where=sa.text(f"state in {OPEN_TASKS}"),
    ),
)

comment = sa.Table(
    "comment",
    metadata,
    _id(),
    _of("task_id", "task.id", nullable=False, index=True),
    _at("at", nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

job = sa.Table(
    "job",
    metadata,
    _id(),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("kind", sa.Text, nullable=False),
    _of("instance_id", "instance.id", index=True),
    sa.Column("wait", sa.Integer),
    sa.Column("element_id", sa.Text),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("retry", sa.Text),
    sa.Column("state", sa.Text, nullable=False),  # available, running, done, stuck, cancelled
    sa.Column("attempt", sa.Integer, nullable=False),
    _at("run_at", nullable=False),
    _at("lease_until"),
    sa.Column("lease_token", UUID(as_uuid=True)),
    sa.Column("last_error", sa.Text),
    _at("created_at", nullable=False),
    sa.Column("traceparent", sa.Text),  # of who asked for it, where traces are kept
    sa.Index("ix_job_due", "run_at", "id", postgresql_where=sa.text("state = 'available'")),
    sa.Index("ix_job_leased", "lease_until", postgresql_where=sa.text("state = 'running'")),
    sa.Index("ix_job_stuck", "id", postgresql_where=sa.text("state = 'stuck'")),
    sa.Index(
        "ix_job_of_instance",
        "instance_id",
        postgresql_where=sa.text(f"state in {LIVE_JOBS}"),
    ),
)

message_wait = sa.Table(
    "message_wait",
    metadata,
    sa.Column("instance_id", UUID(as_uuid=True), sa.ForeignKey("instance.id"), primary_key=True),
    sa.Column("wait", sa.Integer, primary_key=True),
    sa.Column("element_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("correlation", sa.Text, nullable=False),  # canonical JSON
    sa.Column("business_key", sa.Text),
    sa.Index("ix_message_wait_found", "name", "correlation"),
    sa.Index("ix_message_wait_business_key", "name", "business_key"),
)

message_key = sa.Table(
    "message_key",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("correlation", sa.Text, primary_key=True),
)

message = sa.Table(
    "message",
    metadata,
    _id(),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("correlation", sa.Text),
    sa.Column("business_key", sa.Text),
    sa.Column("payload", JSONB, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # buffered, delivered, expired, dropped
    sa.Column("instance_ids", ARRAY(UUID(as_uuid=True)), nullable=False),
    _at("received_at", nullable=False),
    _at("expires_at"),
    sa.UniqueConstraint("name", "message_id"),
    sa.Index("ix_message_buffered", "name", "correlation", postgresql_where=sa.text("state = 'buffered'")),
)

history = sa.Table(
    "history",
    metadata,
    sa.Column("instance_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    _at("at", nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("element_id", sa.Text),
    sa.Column("definition_key", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("detail", JSONB, nullable=False),
    sa.Column("wait", sa.Integer),  # which token of its element; none in lines of before 0005, or about no token
    postgresql_partition_by="RANGE (instance_id)",
)

attachment = sa.Table(
    "attachment",
    metadata,
    sa.Column("instance_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    _at("at", nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),  # what its sender said; it is never served as that
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("data", BYTEA, nullable=False),
    sa.Index("ix_attachment_id", "id"),
    postgresql_partition_by="RANGE (instance_id)",
)


def _as_in(table: sa.Table, *but: str) -> list[sa.Column[object]]:
    """Columns with the names and types of another table's, those of its key and `but` apart."""
    kept = [column for column in table.columns if not column.primary_key and column.name not in but]
    return [sa.Column(column.name, column.type, nullable=column.nullable) for column in kept]


past_instance = sa.Table(
    "past_instance",
    metadata,
    _id(),
    *_as_in(instance, "snapshot", "ended_at"),
    _at("ended_at", nullable=False),
    _at("kept_until"),  # its month goes after it; none: never
    sa.Index("ix_past_instance_natural", "source", "business_key"),
    sa.Index("ix_past_instance_business_key", "business_key"),
    sa.Index("ix_past_instance_started", sa.text("started_at DESC"), sa.text("id DESC")),
    postgresql_partition_by="RANGE (id)",
)

past_task = sa.Table(
    "past_task",
    metadata,
    sa.Column("instance_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("id", UUID(as_uuid=True), primary_key=True),
    *_as_in(task, "instance_id", "draft", "branch", "words"),
    sa.Column("comments", JSONB, nullable=False),
    sa.Index("ix_past_task_id", "id"),
    postgresql_partition_by="RANGE (instance_id)",
)

event = sa.Table(
    "event",
    metadata,
    sa.Column("tx", sa.BigInteger, primary_key=True, server_default=sa.text("pg_current_xact_id()::text::bigint")),
    sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
    _at("at", nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # task, instance, notice
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("instance_id", UUID(as_uuid=True), nullable=False),
    sa.Column("task_id", UUID(as_uuid=True)),
    sa.Column("groups", ARRAY(sa.Text), nullable=False),
    sa.Column("assignee", sa.Text),
    sa.Column("data", JSONB, nullable=False),
)

mail_out = sa.Table(
    "mail_out",
    metadata,
    sa.Column("mail_id", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, nullable=False, unique=True),
    sa.Column("token", sa.Text, index=True),
    sa.Column("subject_mark", sa.Text, index=True),
    sa.Column("instance_id", UUID(as_uuid=True), index=True),
    sa.Column("element_id", sa.Text),
    sa.Column("reply_message", sa.Text),
    sa.Column("reply_keywords", JSONB, nullable=False),
    sa.Column("recipients", ARRAY(sa.Text), nullable=False),
    sa.Column("subject", sa.Text),  # none in mails of before 0005, as their text
    sa.Column("text", sa.Text),
    _at("sent_at", nullable=False),
)

mail_in = sa.Table(
    "mail_in",
    metadata,
    _id(),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    _at("received_at", nullable=False),
    _at("fetched_at", nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("raw", BYTEA, nullable=False),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("method", sa.Text),
    _at("handed_at"),  # when it had reached whom it was for; until then it is sorted again
    sa.Column("instance_id", UUID(as_uuid=True), index=True),
    sa.Column("recipients", ARRAY(sa.Text)),  # none in mails of before 0005, as the next: they stand in `raw`
    sa.Column("attachments", JSONB),  # [{name, media_type, size}]
    sa.UniqueConstraint("message_id", "digest"),
    sa.Index("ix_mail_in_unsorted", "id", postgresql_where=sa.text("verdict = 'unsorted'")),
)

notice = sa.Table(
    "notice",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("groups", ARRAY(sa.Text), nullable=False),
    sa.Column("instance_id", UUID(as_uuid=True)),
    _at("created_at", nullable=False),
)

filter_ = sa.Table(
    "filter",
    metadata,
    _id(),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("query", sa.Text, nullable=False),  # of the task list, as in its address
    sa.Column("groups", ARRAY(sa.Text), nullable=False),  # whom it is shared with
    _at("created_at", nullable=False),
    sa.UniqueConstraint("owner", "name"),
    sa.Index("ix_filter_groups", "groups", postgresql_using="gin"),
)

api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("roles", ARRAY(sa.Text), nullable=False),
    sa.Column("groups", ARRAY(sa.Text), nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    _at("created_at", nullable=False),
    _at("expires_at"),
    _at("revoked_at"),
    _at("last_used_at"),
)

sandbox_clock = sa.Table(
    "sandbox_clock",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("offset", sa.Interval, nullable=False),
)
