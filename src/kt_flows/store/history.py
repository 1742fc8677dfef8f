"""What happened, for ever: lines of a case's history, and the feed of changes that browsers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.store.db import Reading, Transaction
from kt_flows.store.ids import new_id
from kt_flows.store.tables import event, history


@dataclass(frozen=True, slots=True)
class HistoryView:
    id: UUID
    at: datetime
    kind: str
    element_id: str | None
    definition_key: str | None
    actor: str
    detail: Mapping[str, Any]


_COLUMNS = tuple(history.c[name] for name in HistoryView.__dataclass_fields__)


def add(tx: Transaction, instance_id: UUID, rows: Sequence[Mapping[str, Any]], *, actor: str, now: datetime) -> None:
    """Adds lines in their order; a row has `kind` and may have `element_id`, `definition_key`, `detail`."""
    common = {"instance_id": instance_id, "at": now, "actor": actor}
    empty: dict[str, Any] = {"element_id": None, "definition_key": None, "detail": {}}
    tx.do(history.insert(), [{**common, **empty, **row, "id": new_id()} for row in rows])


def page(
    reading: Reading, instance_id: UUID, *, after: list[Any] | None, limit: int
) -> tuple[list[HistoryView], list[Any] | None]:
    """Oldest first."""
    query = sa.select(*_COLUMNS).where(history.c.instance_id == instance_id)
    if after is not None:
        query = query.where(history.c.id > UUID(after[0]))
    rows = [HistoryView(*row) for row in reading.all(query.order_by(history.c.id).limit(limit + 1))]
    return rows[:limit], [str(rows[limit - 1].id)] if len(rows) > limit else None


def tell(tx: Transaction, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Adds to the feed of changes."""
    empty: dict[str, Any] = {"task_id": None, "groups": [], "assignee": None, "data": {}}
    tx.do(event.insert(), [{"at": now, **empty, **row} for row in rows])
