"""Cases that are over, put away: read like the others, moved by nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from kt_flows.store.db import Row, Transaction
from kt_flows.store.tables import comment, instance, job, past_instance, past_task, task
from kt_flows.store.waits import LIVE


def hold_over(tx: Transaction, before: datetime, most: int) -> Sequence[Row]:
    """Locks cases that ended before a moment and of which nothing is left to do: id, definition, end; the oldest
    first."""
    to_do = sa.exists().where(job.c.instance_id == instance.c.id, LIVE)
    return tx.all(
        sa.select(instance.c.id, instance.c.definition_id, instance.c.ended_at)
        .where(instance.c.ended_at < before, ~to_do)
        .order_by(instance.c.ended_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def put_away(tx: Transaction, kept_until: Mapping[UUID, datetime | None]) -> None:
    """Moves held cases, with their tasks and what was said of them; their jobs, all over, are forgotten."""
    ids = list(kept_until)
    given = sa.values(
        sa.column("id", sa.UUID), sa.column("kept_until", sa.TIMESTAMP(timezone=True)), name="given"
    ).data(list(kept_until.items()))
    cases = [column.name for column in past_instance.c if column.name != "kept_until"]
    moved = sa.select(*(instance.c[name] for name in cases), sa.cast(given.c.kept_until, sa.TIMESTAMP(timezone=True)))
    moved = moved.join(given, sa.cast(given.c.id, sa.UUID) == instance.c.id)
    tx.do(past_instance.insert().from_select([*cases, "kept_until"], moved))

    of_task = sa.func.jsonb_build_object(
        "id", comment.c.id, "at", comment.c.at, "actor", comment.c.actor, "text", comment.c.text
    )
    said = (
        sa.select(sa.func.jsonb_agg(aggregate_order_by(of_task, comment.c.id)))
        .where(comment.c.task_id == task.c.id)
        .scalar_subquery()
    )
    people = [column.name for column in past_task.c if column.name != "comments"]
    theirs = sa.select(
        *(task.c[name] for name in people), sa.func.coalesce(said, sa.cast(sa.literal("[]"), JSONB))
    ).where(task.c.instance_id.in_(ids))
    tx.do(past_task.insert().from_select([*people, "comments"], theirs))

    tasks = sa.select(task.c.id).where(task.c.instance_id.in_(ids))
    tx.do(comment.delete().where(comment.c.task_id.in_(tasks)))
    for table in (task, job):
        tx.do(table.delete().where(table.c.instance_id.in_(ids)))
    tx.do(instance.delete().where(instance.c.id.in_(ids)))
