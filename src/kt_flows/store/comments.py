"""What has been said about the tasks of a case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kt_flows.clock import from_text
from kt_flows.security import Actor
from kt_flows.store.db import Reading
from kt_flows.store.tables import comment, past_task, task
from kt_flows.store.tasks import visible_to


@dataclass(frozen=True, slots=True)
class SaidView:
    """A comment and the task that it is about."""

    id: UUID
    at: datetime
    actor: str
    text: str
    task_id: UUID
    task_name: str


def of_case(reading: Reading, actor: Actor, instance_id: UUID) -> list[SaidView]:
    """The oldest first, of the tasks that the caller may see."""
    said = (
        sa.select(comment.c.id, comment.c.at, comment.c.actor, comment.c.text, task.c.id, task.c.name)
        .join(task, task.c.id == comment.c.task_id)
        .where(task.c.instance_id == instance_id, visible_to(actor))
        .order_by(comment.c.id)
    )
    put_away = sa.select(past_task.c.comments, past_task.c.id, past_task.c.name).where(
        past_task.c.instance_id == instance_id, visible_to(actor, past_task)
    )
    found = [SaidView(*row) for row in reading.all(said)]
    found += [
        SaidView(UUID(one["id"]), from_text(one["at"]), one["actor"], one["text"], row.id, row.name)
        for row in reading.all(put_away)
        for one in row.comments
    ]
    return sorted(found, key=lambda view: view.id)
