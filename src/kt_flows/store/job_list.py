"""Jobs as people see them, with the case that they are of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.security import Actor
from kt_flows.store import instances
from kt_flows.store.db import Reading
from kt_flows.store.jobs import JobView
from kt_flows.store.tables import instance, job


@dataclass(frozen=True, slots=True)
class JobSeen(JobView):
    """A job and what its case is called; a job of no case has neither."""

    definition_key: str | None
    business_key: str | None


_SEEN = sa.select(
    *(job.c[name] for name in JobView.__dataclass_fields__), instance.c.definition_key, instance.c.business_key
).select_from(job.outerjoin(instance, instance.c.id == job.c.instance_id))


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Jobs of visible cases; those of no case are for who sees everything."""
    if actor.sees_all_instances:
        return sa.true()
    return sa.and_(instance.c.id.is_not(None), instances.visible_to(actor))


def visible(reading: Reading, actor: Actor, id: UUID) -> JobSeen | None:
    row = reading.first(_SEEN.where(job.c.id == id, visible_to(actor)))
    return JobSeen(*row) if row else None


def one(reading: Reading, id: UUID) -> JobSeen:
    """The job, whoever asks: for the answer to what the caller did to it."""
    row = reading.first(_SEEN.where(job.c.id == id))
    assert row is not None
    return JobSeen(*row)


def page(
    reading: Reading, actor: Actor, *, state: str | None, after: list[Any] | None, limit: int, **filters: Any
) -> tuple[list[JobSeen], list[Any] | None]:
    """Jobs of the cases that the caller may see, by age; `filters` may name `instance_id` and `kind`."""
    query = _SEEN.where(visible_to(actor))
    if state is not None:
        query = query.where(job.c.state == state)
    for name, value in filters.items():
        if value is not None:
            query = query.where(job.c[name] == value)
    if after is not None:
        query = query.where(job.c.id > UUID(after[0]))
    rows = [JobSeen(*row) for row in reading.all(query.order_by(job.c.id).limit(limit + 1))]
    return rows[:limit], [str(rows[limit - 1].id)] if len(rows) > limit else None
