"""Filters of the task list that people keep: their own, and those that others share with their groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kt_flows.security import Actor
from kt_flows.store.db import Reading, Transaction
from kt_flows.store.tables import filter_ as table


@dataclass(frozen=True, slots=True)
class FilterView:
    id: UUID
    owner: str
    name: str
    query: str
    groups: tuple[str, ...]
    created_at: datetime


_COLUMNS = tuple(table.c[name] for name in FilterView.__dataclass_fields__)


def _view(row: sa.Row[Any]) -> FilterView:
    return FilterView(**{**row._mapping, "groups": tuple(row.groups)})


def visible(reading: Reading, actor: Actor) -> list[FilterView]:
    """The caller's own and those shared with a group of theirs, by name."""
    theirs = sa.or_(table.c.owner == actor.name, table.c.groups.overlap(sorted(actor.groups)))
    return [_view(row) for row in reading.all(sa.select(*_COLUMNS).where(theirs).order_by(table.c.name, table.c.id))]


def count(reading: Reading, owner: str) -> int:
    return int(reading.value(sa.select(sa.func.count()).where(table.c.owner == owner)))


def add(tx: Transaction, view: FilterView) -> bool:
    """False where the owner has one of that name."""
    values = {name: getattr(view, name) for name in FilterView.__dataclass_fields__}
    return tx.do(insert(table).values({**values, "groups": list(view.groups)}).on_conflict_do_nothing()) == 1


def hold(tx: Transaction, id: UUID) -> FilterView | None:
    row = tx.first(sa.select(*_COLUMNS).where(table.c.id == id).with_for_update())
    return _view(row) if row else None


def named(reading: Reading, owner: str, name: str) -> FilterView | None:
    row = reading.first(sa.select(*_COLUMNS).where(table.c.owner == owner, table.c.name == name))
    return _view(row) if row else None


def keep(tx: Transaction, id: UUID, values: Mapping[str, Any]) -> None:
    tx.do(table.update().where(table.c.id == id).values(dict(values)))


def drop(tx: Transaction, id: UUID) -> None:
    tx.do(table.delete().where(table.c.id == id))
