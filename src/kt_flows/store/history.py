"""What happened, for ever: lines of a case's history, and the feed of changes that browsers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.store.db import Reading, Transaction, Write, as_json
from kt_flows.store.ids import new_id
from kt_flows.store.tables import history


@dataclass(frozen=True, slots=True)
class HistoryView:
    id: UUID
    at: datetime
    kind: str
    element_id: str | None
    definition_key: str | None
    actor: str
    detail: Mapping[str, Any]
    wait: int | None
    """The number of the token that it is about."""


_COLUMNS = tuple(history.c[name] for name in HistoryView.__dataclass_fields__)


# However many lines, one statement of one shape: a batch goes as one JSON text.
_ADD = Write(
    "history",
    """
    insert into history (instance_id, id, at, kind, element_id, definition_key, actor, detail, wait)
    select %(instance_id)s, id, %(at)s, kind, element_id, definition_key, %(actor)s, detail, wait
    from jsonb_to_recordset(%(rows)s::jsonb)
      as given(id uuid, kind text, element_id text, definition_key text, detail jsonb, wait int)
    """,
    adds=True,
)
_TELL = Write(
    "event",
    """
    insert into event (at, kind, what, instance_id, task_id, groups, assignee, data)
    select %(at)s, kind, what, instance_id, task_id, groups, assignee, data
    from jsonb_to_recordset(%(rows)s::jsonb)
      as given(kind text, what text, instance_id uuid, task_id uuid, groups text[], assignee text, data jsonb)
    """,
    adds=True,
)


def add(tx: Transaction, instance_id: UUID, rows: Sequence[Mapping[str, Any]], *, actor: str, now: datetime) -> None:
    """Adds lines in their order; a row has `kind`, may have `element_id`, `definition_key`, `detail`, `wait`."""
    if rows:
        lines = [{"detail": {}, **row, "id": new_id()} for row in rows]
        tx.gather(_ADD, instance_id=instance_id, at=now, actor=actor, rows=as_json(lines))


def page(
    reading: Reading, instance_id: UUID, *, after: list[Any] | None, limit: int
) -> tuple[list[HistoryView], list[Any] | None]:
    """Oldest first."""
    query = sa.select(*_COLUMNS).where(history.c.instance_id == instance_id)
    if after is not None:
        query = query.where(history.c.id > UUID(after[0]))
    rows = [HistoryView(*row) for row in reading.all(query.order_by(history.c.id).limit(limit + 1))]
    return rows[:limit], [str(rows[limit - 1].id)] if len(rows) > limit else None


def up_to(reading: Reading, instance_id: UUID, at: datetime) -> list[HistoryView]:
    """All lines of a case up to a moment, in their order."""
    query = sa.select(*_COLUMNS).where(history.c.instance_id == instance_id, history.c.at <= at)
    return [HistoryView(*row) for row in reading.all(query.order_by(history.c.id))]


def touched(reading: Reading, instance_id: UUID) -> set[str]:
    """The processes in which anything has happened in a case."""
    keys = sa.select(history.c.definition_key).where(history.c.instance_id == instance_id).distinct()
    return {row.definition_key for row in reading.all(keys) if row.definition_key is not None}


def since(reading: Reading, instance_id: UUID) -> tuple[dict[int, datetime], dict[tuple[str, str], datetime]]:
    """When each token of a case came to its element; of lines without its number the last time that one did, by
    process and element."""
    of = (history.c.wait, history.c.definition_key, history.c.element_id)
    first, last = sa.func.min(history.c.at).label("first"), sa.func.max(history.c.at).label("last")
    came = history.c.kind.in_(("arrived", "entered", "incident"))
    rows = reading.all(sa.select(*of, first, last).where(history.c.instance_id == instance_id, came).group_by(*of))
    numbered = {row.wait: row.first for row in rows if row.wait is not None}
    return numbered, {(row.definition_key, row.element_id): row.last for row in rows if row.wait is None}


def tell(tx: Transaction, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Adds to the feed of changes."""
    if rows:
        tx.gather(_TELL, at=now, rows=as_json([{"groups": [], "data": {}, **row} for row in rows]))
