"""Notices to operators: outage banners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kt_flows.security import Actor
from kt_flows.store.db import Reading, Transaction
from kt_flows.store.tables import notice


@dataclass(frozen=True, slots=True)
class NoticeView:
    key: str
    text: str
    groups: tuple[str, ...]
    created_at: datetime


def visible(reading: Reading, actor: Actor) -> list[NoticeView]:
    """Those for the caller's groups, newest first."""
    query = sa.select(notice.c.key, notice.c.text, notice.c.groups, notice.c.created_at)
    if not actor.sees_all_tasks:
        query = query.where(notice.c.groups.overlap(sorted(actor.groups)))
    rows = reading.all(query.order_by(notice.c.created_at.desc()))
    return [NoticeView(row.key, row.text, tuple(row.groups), row.created_at) for row in rows]


def publish(
    tx: Transaction, *, key: str, text: str, groups: Sequence[str], instance_id: UUID | None, now: datetime
) -> None:
    values = {"key": key, "text": text, "groups": list(groups), "instance_id": instance_id, "created_at": now}
    tx.do(
        insert(notice)
        .values(values)
        .on_conflict_do_update(index_elements=["key"], set_={"text": text, "groups": list(groups)})
    )


def withdraw(tx: Transaction, key: str) -> tuple[str, ...] | None:
    """The groups that saw it; None where there was none."""
    row = tx.first(notice.delete().where(notice.c.key == key).returning(notice.c.groups))
    return tuple(row.groups) if row else None
