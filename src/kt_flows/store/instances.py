"""Cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kt_flows.clock import from_text
from kt_flows.security import Actor
from kt_flows.store import waits
from kt_flows.store.db import Reading, Row, Transaction, Write, as_json
from kt_flows.store.tables import idempotency, instance, job, past_instance, past_task, task
from kt_flows.store.waits import OpenRow, WaitView


@dataclass(frozen=True, slots=True)
class InstanceView:
    id: UUID
    definition_id: UUID
    definition_key: str
    version: int
    business_key: str | None
    source: str | None
    state: str
    variables: Mapping[str, Any]
    started_at: datetime
    ended_at: datetime | None
    waits: tuple[WaitView, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A case whose row this transaction holds."""

    id: UUID
    definition_id: UUID
    definition_key: str
    version: int
    bundle_id: str
    business_key: str | None
    source: str | None
    status: str
    started_at: datetime
    snapshot: bytes
    variables: Mapping[str, Any]


HELD = tuple(instance.c[name] for name in Held.__dataclass_fields__)
_STUCK = sa.exists().where(job.c.instance_id == instance.c.id, job.c.state == "stuck").correlate(instance)
STATE = sa.case((sa.and_(instance.c.status == "active", _STUCK), "stuck"), else_=instance.c.status).label("state")
_PLAIN = tuple(name for name in InstanceView.__dataclass_fields__ if name not in ("state", "waits"))
_MORE = ("bundle_id", "body_hash", "status", "started_by")
_COLUMNS = (*(instance.c[name] for name in _PLAIN), STATE)
EVERY = sa.union_all(
    sa.select(*_COLUMNS, *(instance.c[name] for name in _MORE)),
    sa.select(
        *(past_instance.c[name] for name in _PLAIN),
        past_instance.c.status.label("state"),
        *(past_instance.c[name] for name in _MORE),
    ),
).subquery("every_instance")
"""Cases with those that were put away; where they are sure to be among the others, those are looked at alone."""
_OF_EVERY = tuple(EVERY.c[column.name] for column in _COLUMNS)


def _view(row: Row, waiting: tuple[WaitView, ...]) -> InstanceView:
    return InstanceView(**row._mapping, waits=waiting)


def hold(tx: Transaction, id: UUID, *, skip_locked: bool = False) -> Held | None:
    """Locks a case's row, first of all locks.  None where there is none, or another holds it and that is to be
    skipped."""
    row = tx.first(sa.select(*HELD).where(instance.c.id == id).with_for_update(skip_locked=skip_locked))
    return Held(*row) if row else None


def moved(
    held: Held, *, variables: Mapping[str, Any], ended_at: datetime | None, open_rows: Sequence[OpenRow]
) -> InstanceView:
    """The case after a move that this transaction has recorded, with the rows that are open then."""
    waiting = waits.seen(open_rows)
    stuck = held.status == "active" and any(wait.state == "stuck" for wait in waiting)
    return InstanceView(
        id=held.id,
        definition_id=held.definition_id,
        definition_key=held.definition_key,
        version=held.version,
        business_key=held.business_key,
        source=held.source,
        state="completed" if ended_at else "stuck" if stuck else held.status,
        variables=variables,
        started_at=held.started_at,
        ended_at=ended_at,
        waits=waiting,
    )


_NEW = (
    "id",
    "definition_id",
    "definition_key",
    "version",
    "bundle_id",
    "business_key",
    "source",
    "body_hash",
    "status",
    "started_by",
    "snapshot",
    "started_at",
)
_ADD = Write(
    "instance",
    f"insert into instance ({', '.join(_NEW)}, variables) "  # noqa: S608 - names of columns
    f"values ({', '.join(f'%({name})s' for name in _NEW)}, %(variables)s::jsonb)",
)
_MOVE = Write(
    "instance", "update instance set snapshot = %(snapshot)s, variables = %(variables)s::jsonb where id = %(id)s"
)
_END = Write(
    "instance",
    "update instance set snapshot = %(snapshot)s, variables = %(variables)s::jsonb, status = 'completed', "
    "ended_at = %(ended_at)s where id = %(id)s",
)


def add(tx: Transaction, values: Mapping[str, Any]) -> bool:
    """A new case; False where its source and business key are another's."""
    if values["source"] is None or values["business_key"] is None:
        tx.gather(_ADD, **{**values, "variables": as_json(values["variables"])})
        return True
    return tx.do(insert(instance).values(values).on_conflict_do_nothing()) == 1


def _named(of: sa.Table) -> sa.Select[Any]:
    natural = (of.c.source == sa.bindparam("from_source"), of.c.business_key == sa.bindparam("under_key"))
    return sa.select(of.c.id, of.c.definition_key, of.c.body_hash).where(*natural)


_NAMED, _NAMED_PAST = _named(instance), _named(past_instance)


def move_on(
    tx: Transaction, id: UUID, *, snapshot: bytes, variables: Mapping[str, Any], ended_at: datetime | None
) -> None:
    """What a held case is after a move; with `ended_at` it is over."""
    values: dict[str, Any] = {"id": id, "snapshot": snapshot, "variables": as_json(variables)}
    if ended_at is None:
        tx.gather(_MOVE, **values)
    else:
        tx.gather(_END, **values, ended_at=ended_at)


def named(reading: Reading, source: str, business_key: str) -> Row | None:
    """Id, definition key and body hash of the case under a natural key."""
    asked = {"from_source": source, "under_key": business_key}
    return reading.first(_NAMED, asked) or reading.first(_NAMED_PAST, asked)


def remember_key(tx: Transaction, *, caller: str, key: str, body_hash: str, id: UUID, now: datetime) -> bool:
    """Takes an idempotency key; False where it is taken (waits for a race to end)."""
    values = {"caller": caller, "key": key, "body_hash": body_hash, "instance_id": id, "created_at": now}
    return tx.do(insert(idempotency).values(values).on_conflict_do_nothing()) == 1


def point_key(tx: Transaction, *, caller: str, key: str, id: UUID) -> None:
    """An idempotency key stands for a case that was there already under its natural key."""
    here = idempotency.update().where(idempotency.c.caller == caller, idempotency.c.key == key)
    tx.do(here.values(instance_id=id))


def under_key(reading: Reading, caller: str, key: str) -> Row | None:
    return reading.first(
        sa.select(idempotency.c.instance_id, idempotency.c.body_hash).where(
            idempotency.c.caller == caller, idempotency.c.key == key
        )
    )


def keep(tx: Transaction, id: UUID, **values: Any) -> None:
    tx.makes_work |= values.get("status") == "active"  # one that rested has jobs that nobody took
    tx.do(instance.update().where(instance.c.id == id).values(**values))


def visible_to(actor: Actor, of: sa.FromClause = instance) -> sa.ColumnElement[bool]:
    """A case that the caller may see: all for some roles, else those it started or whose tasks are its groups'."""
    if actor.sees_all_instances:
        return sa.true()
    mine = [
        sa.select(sa.literal(1)).where(
            people.c.instance_id == of.c.id,
            sa.or_(people.c.groups.overlap(sorted(actor.groups)), people.c.assignee == actor.name),
        )
        for people in ((task,) if of is instance else (task, past_task))
    ]
    # The offset keeps the planner from reading all tasks of all times at once: a page is found long before that.
    return sa.or_(of.c.started_by == actor.name, *(one.offset(0).exists() for one in mine))


def visible(reading: Reading, actor: Actor, id: UUID) -> InstanceView | None:
    row = reading.first(sa.select(*_COLUMNS).where(instance.c.id == id, visible_to(actor)))
    if row is None:
        row = reading.first(sa.select(*_OF_EVERY).where(EVERY.c.id == id, visible_to(actor, EVERY)))
    return _view(row, waits.of_cases(reading, [id])[id]) if row else None


def one(reading: Reading, id: UUID) -> InstanceView:
    """The case, whoever asks: for the answer to a move that the caller made."""
    row = reading.first(sa.select(*_COLUMNS).where(instance.c.id == id))
    if row is None:
        row = reading.first(sa.select(*_OF_EVERY).where(EVERY.c.id == id))
    assert row is not None
    return _view(row, waits.of_cases(reading, [id])[id])


def page(
    reading: Reading,
    actor: Actor,
    *,
    definition_key: str | None,
    state: str | None,
    business_key: str | None,
    started_after: Any,
    variables: Mapping[str, Any],
    after: list[Any] | None,
    limit: int,
) -> tuple[list[InstanceView], list[Any] | None]:
    """Newest first; a variable is found by its value's text, whichever JSON type it has."""
    running = state in ("active", "stuck", "suspended")
    of: sa.FromClause = instance if running else EVERY
    query = sa.select(*(_COLUMNS if running else _OF_EVERY)).where(visible_to(actor, of))
    if definition_key is not None:
        query = query.where(of.c.definition_key == definition_key)
    if business_key is not None:
        query = query.where(of.c.business_key == business_key)
    if started_after is not None:
        query = query.where(of.c.started_at > _moment(started_after))
    if state is not None:
        query = query.where(of.c.status == ("active" if state == "stuck" else state))
    if state in ("active", "stuck"):
        query = query.where(_STUCK if state == "stuck" else ~_STUCK)
    for name, value in variables.items():
        query = query.where(of.c.variables[name].astext == value)
    if after is not None:
        query = query.where(
            sa.tuple_(of.c.started_at, of.c.id) < sa.tuple_(_moment(after[0]), sa.cast(after[1], sa.UUID))
        )
    rows = reading.all(query.order_by(of.c.started_at.desc(), of.c.id.desc()).limit(limit + 1))
    waiting = waits.of_cases(reading, [row.id for row in rows[:limit]])
    views = [_view(row, waiting[row.id]) for row in rows[:limit]]
    more = len(rows) > limit
    return views, [views[-1].started_at.isoformat(), str(views[-1].id)] if more else None


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else from_text(str(value).replace(" ", "+"))


def newest(
    reading: Reading, *, definition_key: str, variables: Mapping[str, Any], active: bool, not_id: UUID | None
) -> Row | None:
    """The newest case of a process with these variables (dotted names reach into maps)."""
    of: sa.FromClause = instance if active else EVERY
    query = sa.select(*(_COLUMNS if active else _OF_EVERY)).where(of.c.definition_key == definition_key)
    for name, value in variables.items():
        query = query.where(of.c.variables[tuple(name.split("."))].astext == str(value))
    if active:
        query = query.where(of.c.status == "active")
    if not_id is not None:
        query = query.where(of.c.id != not_id)
    return reading.first(query.order_by(of.c.started_at.desc()).limit(1))


def is_over(reading: Reading, id: UUID) -> bool:
    """Whether a case has ended, in whichever way."""
    status = reading.value(sa.select(instance.c.status).where(instance.c.id == id))
    return status not in ("active", "suspended")


def of_appeal(reading: Reading, appeal_id: str) -> sa.Row[Any] | None:
    """The newest case of an appeal, one that is not over first."""
    query = (
        sa.select(*_OF_EVERY)
        .where(EVERY.c.variables["appeal_id"].astext == appeal_id)
        .order_by((EVERY.c.status == "active").desc(), EVERY.c.started_at.desc())
        .limit(1)
    )
    return reading.first(query)
