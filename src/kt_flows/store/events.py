"""The feed of changes, readable from any position without a gap.

Rows are ordered by the transaction that wrote them and read only below the oldest one still running: a transaction
that commits late can then never appear behind a reader's back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kt_flows.security import Actor
from kt_flows.store import instances
from kt_flows.store.db import Database, Reading, Row, Transaction
from kt_flows.store.tables import event, past_task, task


@dataclass(frozen=True, slots=True)
class EventView:
    """`kind` is `task`, `instance` or `notice`, `what` what happened to it; a reader goes on after `position`.

    `groups` and `people` are whose it is: of a task its candidates and who has it, of a case those of all its tasks
    and who began it.
    """

    position: str
    kind: str
    what: str
    at: datetime
    instance_id: UUID
    task_id: UUID | None
    groups: frozenset[str]
    people: frozenset[str]
    data: Mapping[str, Any]

    def is_for(self, actor: Actor) -> bool:
        """Whether the actor may see it, as lists of tasks and cases have it."""
        everything = actor.sees_all_instances if self.kind == "instance" else actor.sees_all_tasks
        return everything or actor.name in self.people or not actor.groups.isdisjoint(self.groups)


_SETTLED = event.c.tx < sa.literal_column("pg_snapshot_xmin(pg_current_snapshot())::text::bigint", sa.BigInteger)


def head(reading: Reading) -> str:
    """The position of now."""
    query = sa.select(event.c.tx, event.c.id).where(_SETTLED).order_by(event.c.tx.desc(), event.c.id.desc()).limit(1)
    row = reading.first(query)
    return f"{row.tx}-{row.id}" if row else "0-0"


def after(reading: Reading, position: str, limit: int) -> list[EventView]:
    """What came after a position, in commit order."""
    tx, _, id = position.partition("-")
    query = (
        sa.select(event)
        .where(_SETTLED, sa.tuple_(event.c.tx, event.c.id) > sa.tuple_(int(tx), int(id or 0)))
        .order_by(event.c.tx, event.c.id)
        .limit(limit)
    )
    rows = reading.all(query)
    cases = whose(reading, {row.instance_id for row in rows if row.kind == "instance"})
    return [
        EventView(
            f"{row.tx}-{row.id}",
            row.kind,
            row.what,
            row.at,
            row.instance_id,
            row.task_id,
            *(cases.get(row.instance_id, _NOBODY) if row.kind == "instance" else _named(row)),
            row.data,
        )
        for row in rows
    ]


def whose(reading: Reading, ids: set[UUID]) -> dict[UUID, tuple[frozenset[str], frozenset[str]]]:
    """The groups and the people of each of these cases: those of its tasks, and who began it (`visible_to`)."""
    if not ids:
        return {}
    groups: dict[UUID, set[str]] = {}
    people: dict[UUID, set[str]] = {}
    for row in reading.all(
        sa.select(instances.EVERY.c.id, instances.EVERY.c.started_by).where(instances.EVERY.c.id.in_(ids))
    ):
        groups[row.id], people[row.id] = set(), {row.started_by}
    for of in (task, past_task):
        query = sa.select(of.c.instance_id, of.c.groups, of.c.assignee).where(of.c.instance_id.in_(ids))
        for row in reading.all(query):
            groups.setdefault(row.instance_id, set()).update(row.groups)
            people.setdefault(row.instance_id, set()).update([row.assignee] if row.assignee else [])
    return {id: (frozenset(groups[id]), frozenset(people.get(id, ()))) for id in groups}


_NOBODY: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())


def _named(row: Row) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(row.groups), frozenset([row.assignee] if row.assignee else [])


def drop(tx: Transaction, before: datetime, *, batch: int = 100_000) -> int:
    """Forgets the oldest changes, those of before a moment; at most so many at a time.  Answers how many."""
    oldest = sa.select(event.c.tx, event.c.id).order_by(event.c.tx, event.c.id).limit(batch).subquery()
    here = sa.tuple_(event.c.tx, event.c.id).in_(sa.select(oldest.c.tx, oldest.c.id))
    return tx.do(event.delete().where(here, event.c.at < before))


class EventSource:
    """The feed for one process's shared reader."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def head(self) -> str:
        with self._db.reading() as reading:
            return head(reading)

    def after(self, position: str, limit: int) -> list[EventView]:
        with self._db.reading() as reading:
            return after(reading, position, limit)
