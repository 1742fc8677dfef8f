"""Mail that came in, as people read it: whoever sees a case of a mail sees the mail.

A mail has the case that it was found to be of, and the case of the process for unsorted mail that was started for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.security import Actor
from kt_flows.store import tasks
from kt_flows.store.db import Reading, Row
from kt_flows.store.instances import EVERY, visible_to
from kt_flows.store.tables import instance, mail_in, task
from kt_flows.store.waits import STILL_OPEN

SOURCE = "mail"
"""Under this source, and its id as business key, the case of an unsorted mail is started."""


@dataclass(frozen=True, slots=True)
class MailView:
    id: UUID
    received_at: datetime
    sender: str
    subject: str
    text: str
    verdict: str
    method: str | None
    instance_id: UUID | None
    attachments: Sequence[Mapping[str, Any]] | None
    """`{name, media_type, size}` each; None where an earlier release kept only the mail itself."""
    task_id: UUID | None
    """The open task of sorting it, where the caller may see one."""


_COLUMNS = tuple(mail_in.c[name] for name in MailView.__dataclass_fields__ if name != "task_id")


def page(
    reading: Reading, actor: Actor, process: str, *, verdict: str | None, after: list[Any] | None, limit: int
) -> tuple[list[MailView], list[Any] | None]:
    """The newest first.  `process` is that of unsorted mail."""
    query = sa.select(*_COLUMNS).where(_visible(actor, process))
    if verdict is not None:
        # Written out for the index of those that wait for a person.
        query = query.where(
            mail_in.c.verdict == (sa.literal_column("'unsorted'") if verdict == "unsorted" else verdict)
        )
    if after is not None:
        query = query.where(mail_in.c.id < UUID(after[0]))
    rows = reading.all(query.order_by(mail_in.c.id.desc()).limit(limit + 1))
    views = _with_tasks(reading, actor, process, rows[:limit])
    return views, [str(views[-1].id)] if len(rows) > limit else None


def visible(reading: Reading, actor: Actor, process: str, id: UUID) -> MailView | None:
    rows = reading.all(sa.select(*_COLUMNS).where(mail_in.c.id == id, _visible(actor, process)))
    return _with_tasks(reading, actor, process, rows)[0] if rows else None


def _visible(actor: Actor, process: str) -> sa.ColumnElement[bool]:
    if actor.sees_all_instances:
        return sa.true()
    mine = sa.or_(
        EVERY.c.id == mail_in.c.instance_id,
        sa.and_(
            EVERY.c.definition_key == process,
            EVERY.c.source == SOURCE,
            EVERY.c.business_key == sa.cast(mail_in.c.id, sa.Text),
        ),
    )
    return sa.exists().where(mine, visible_to(actor, EVERY)).correlate(mail_in)


def _with_tasks(reading: Reading, actor: Actor, process: str, rows: Sequence[Row]) -> list[MailView]:
    query = (
        sa.select(instance.c.business_key, task.c.id)
        .join(task, task.c.instance_id == instance.c.id)
        .where(
            instance.c.definition_key == process,
            instance.c.source == SOURCE,
            instance.c.business_key.in_([str(row.id) for row in rows]),
            STILL_OPEN,
            tasks.visible_to(actor),
        )
        .order_by(task.c.wait.desc())
    )
    sorting = {row.business_key: row.id for row in reading.all(query)}
    return [MailView(**row._mapping, task_id=sorting.get(str(row.id))) for row in rows]
