"""What one looks at to see whether the rows are sound, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.store.db import Database, Reading, Row
from kt_flows.store.tables import instance, job, message
from kt_flows.store.waits import LIVE

BATCH = 500


def live_cases(db: Database) -> Iterator[UUID]:
    """Ids of the cases that are not over, oldest first; no transaction is open between two of them."""
    after = UUID(int=0)
    while True:
        query = sa.select(instance.c.id).where(instance.c.id > after, instance.c.status.in_(("active", "suspended")))
        with db.reading() as reading:
            ids = [row.id for row in reading.all(query.order_by(instance.c.id).limit(BATCH))]
        yield from ids
        if len(ids) < BATCH:
            return
        after = ids[-1]


def variables_of(reading: Reading, id: UUID) -> Mapping[str, Any]:
    found: Mapping[str, Any] = reading.value(sa.select(instance.c.variables).where(instance.c.id == id))
    return found


def unworkable_jobs(reading: Reading, kinds: Sequence[str]) -> list[Row]:
    """Live jobs of a kind that nobody does, or of a case that is over or gone: id, kind, instance_id, element_id,
    case_state (None where there is no such case)."""
    over = sa.and_(job.c.instance_id.is_not(None), sa.or_(instance.c.id.is_(None), ~_rests(instance.c.status)))
    query = (
        sa.select(job.c.id, job.c.kind, job.c.instance_id, job.c.element_id, instance.c.status.label("case_state"))
        .select_from(job.outerjoin(instance, instance.c.id == job.c.instance_id))
        .where(LIVE, sa.or_(job.c.kind.not_in(list(kinds)), over))
    )
    return list(reading.all(query.order_by(job.c.id).limit(BATCH)))


def old_leases(reading: Reading, before: datetime) -> list[Row]:
    """Calls whose worker has not been heard of since `before`: id, kind, instance_id, element_id, lease_token."""
    query = sa.select(job.c.id, job.c.kind, job.c.instance_id, job.c.element_id, job.c.lease_token)
    return list(reading.all(query.where(job.c.state == "running", job.c.lease_until < before).limit(BATCH)))


def overdue_messages(reading: Reading, now: datetime) -> int:
    """How many kept messages are past their time."""
    query = sa.select(sa.func.count()).where(message.c.state == "buffered", message.c.expires_at <= now)
    return int(reading.value(query) or 0)


def _rests(status: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return status.in_(("active", "suspended"))
