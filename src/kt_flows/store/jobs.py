"""Everything with a date: timers, outside calls, retries, polls, incidents.

A short job (a timer) holds its row lock through its one transaction: a killed worker's job is free as soon as its
connection closes.  An outside call takes a lease with a token; who settles without the token has lost the job.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kt_flows.store import instances
from kt_flows.store.db import Reading, Row, Transaction, Write, as_json
from kt_flows.store.ids import new_id
from kt_flows.store.tables import instance, job
from kt_flows.store.waits import LIVE
from kt_flows.tracing import traceparent

INCIDENT = "element.retry"
TIMER = "timer"
START_TIMER = "start.timer"


@dataclass(frozen=True, slots=True)
class JobView:
    id: UUID
    key: str
    kind: str
    instance_id: UUID | None
    wait: int | None
    element_id: str | None
    payload: Mapping[str, Any]
    retry: str | None
    state: str
    attempt: int
    run_at: datetime
    lease_token: UUID | None
    last_error: str | None
    created_at: datetime
    traceparent: str | None


_COLUMNS = tuple(job.c[name] for name in JobView.__dataclass_fields__)
# A case that rests keeps its jobs where they are.
_RESTS = sa.exists().where(instance.c.id == job.c.instance_id, instance.c.status == "suspended").correlate(job)


def _view(row: Row | None) -> JobView | None:
    return JobView(*row) if row else None


_ADD = Write(
    "job",
    """
    insert into job (id, key, kind, instance_id, wait, element_id, payload, retry, state, attempt, run_at, last_error,
                     created_at, traceparent)
    select id, key, kind, instance_id, wait, element_id, payload, retry, state, 0, run_at, last_error, %(now)s,
           %(traceparent)s
    from jsonb_to_recordset(%(rows)s::jsonb)
      as given(id uuid, key text, kind text, instance_id uuid, wait int, element_id text, payload jsonb, retry text,
               state text, run_at timestamptz, last_error text)
    on conflict (key) do nothing
    """,
    adds=True,
)
_CLOSE = Write(
    "job",
    "update job set state = %(state)s, lease_until = null, lease_token = null where id = any(%(ids)s)",
)


def add(tx: Transaction, rows: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """New jobs; one whose key is there already stays as it is."""
    if rows:
        tx.makes_work = True
        given = as_json([{"id": new_id(), "state": "available", **row} for row in rows])
        tx.gather(_ADD, rows=given, now=now, traceparent=traceparent())


def put_periodic(
    tx: Transaction, *, key: str, kind: str, payload: Mapping[str, Any], run_at: datetime, now: datetime
) -> None:
    """A job that is always there: made once, its payload renewed, its time kept when it is sooner."""
    tx.makes_work = True
    values = {
        "id": new_id(),
        "key": key,
        "kind": kind,
        "payload": payload,
        "state": "available",
        "attempt": 0,
        "run_at": run_at,
        "created_at": now,
    }
    statement = insert(job).values(values)
    tx.do(
        statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "payload": statement.excluded.payload,
                "run_at": sa.func.least(job.c.run_at, statement.excluded.run_at),
                "state": sa.case((job.c.state.in_(("done", "cancelled", "stuck")), "available"), else_=job.c.state),
            },
        )
    )


def lock_due(tx: Transaction, kinds: Sequence[str], now: datetime) -> JobView | None:
    """The oldest due job of these kinds, its row locked until the transaction ends; another's is passed over."""
    query = (
        sa.select(*_COLUMNS)
        .where(job.c.state == "available", job.c.run_at <= now, job.c.kind.in_(kinds), ~_RESTS)
        .order_by(job.c.run_at, job.c.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=job)
    )
    return _view(tx.first(query))


def due(reading: Reading, kinds: Sequence[str], now: datetime, limit: int) -> list[JobView]:
    """Due jobs of these kinds, oldest first, without a lock."""
    query = (
        sa.select(*_COLUMNS)
        .where(job.c.state == "available", job.c.run_at <= now, job.c.kind.in_(kinds), ~_RESTS)
        .order_by(job.c.run_at, job.c.id)
        .limit(limit)
    )
    return [JobView(*row) for row in reading.all(query)]


def hold(tx: Transaction, id: UUID, *, skip_locked: bool = False) -> JobView | None:
    """Locks one job; its case, if it has one, must be held before."""
    query = sa.select(*_COLUMNS).where(job.c.id == id).with_for_update(skip_locked=skip_locked)
    return _view(tx.first(query))


_HOLD_DUE = (
    sa.select(*instances.HELD, *_COLUMNS)
    .select_from(job.join(instance, instance.c.id == job.c.instance_id))
    .where(
        job.c.id == sa.bindparam("job_id"),
        job.c.state == "available",
        job.c.run_at <= sa.bindparam("now", type_=sa.TIMESTAMP(timezone=True)),
        instance.c.status != "suspended",
    )
    # PostgreSQL locks in the order named here: the case first, as everywhere.
    .with_for_update(of=[instance, job], skip_locked=True)
)


def hold_due(tx: Transaction, id: UUID, now: datetime) -> tuple[instances.Held, JobView] | None:
    """Locks a due job's case, then the job; None where another has either, it is done, or the case rests."""
    row = tx.first(_HOLD_DUE, {"job_id": id, "now": now})
    if row is None:
        return None
    many = len(instances.HELD)
    return instances.Held(*row[:many]), JobView(*row[many:])


def lease(
    tx: Transaction,
    *,
    not_kinds: Sequence[str],
    now: datetime,
    lease_for: timedelta,
    limit: int,
    not_ids: Sequence[UUID] = (),
) -> list[JobView]:
    """Takes due outside calls, and those whose lease ran out; the attempt counts from here, also if we die.

    `not_ids` are the caller's own calls, which it has in hand however the clock may have moved.
    """
    free = sa.or_(
        sa.and_(job.c.state == "available", job.c.run_at <= now),
        sa.and_(job.c.state == "running", job.c.lease_until < now),
    )
    chosen = (
        sa.select(job.c.id)
        .where(free, job.c.kind.not_in(not_kinds), job.c.id.not_in(list(not_ids)), ~_RESTS)
        .order_by(job.c.run_at, job.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=job)
        .cte("chosen")
    )
    statement = (
        job.update()
        .where(job.c.id == chosen.c.id)
        .values(
            state="running",
            attempt=job.c.attempt + 1,
            lease_until=now + lease_for,
            lease_token=uuid4(),
        )
        .returning(*_COLUMNS)
    )
    return [JobView(*row) for row in tx.all(statement)]


def renew(tx: Transaction, ids: Sequence[UUID], tokens: Sequence[UUID], until: datetime) -> None:
    """Keeps leases that are still ours."""
    if ids:
        mine = job.update().where(
            job.c.id.in_(list(ids)), job.c.lease_token.in_(list(tokens)), job.c.state == "running"
        )
        tx.do(mine.values(lease_until=until))


def give_back(tx: Transaction, id: UUID, token: UUID | None, run_at: datetime) -> None:
    """Puts down a call that was not made through no fault of its own: the try does not count."""
    tx.makes_work = True
    mine = job.update().where(job.c.id == id, job.c.lease_token == token, job.c.state == "running")
    attempt = sa.func.greatest(job.c.attempt - 1, 0)
    tx.do(mine.values(state="available", attempt=attempt, run_at=run_at, lease_until=None, lease_token=None))


def set_timer(tx: Transaction, instance_id: UUID, wait: int, run_at: datetime) -> None:
    """A case's open timer is due at this time."""
    tx.makes_work = True
    mine = sa.and_(job.c.instance_id == instance_id, job.c.wait == wait, job.c.kind == TIMER)
    tx.do(job.update().where(mine, job.c.state == "available").values(run_at=run_at))


def reopen(tx: Transaction, instance_id: UUID, waits: Sequence[int], now: datetime) -> None:
    """Jobs that a case waits for and that were closed are there again; the call goes out under its old key."""
    tx.makes_work = True
    mine = sa.and_(job.c.instance_id == instance_id, job.c.wait.in_(list(waits)), job.c.kind != INCIDENT)
    closed = job.c.state.in_(("done", "cancelled"))
    if waits:
        tx.do(job.update().where(mine, closed).values(state="available", attempt=0, run_at=now))


def next_run_at(
    reading: Reading,
    *,
    kinds: Sequence[str] | None = None,
    not_kinds: Sequence[str] = (),
    periodic: bool = True,
    after: datetime | None = None,
) -> datetime | None:
    """When the earliest waiting job is due; without `periodic`, only those of cases."""
    query = sa.select(sa.func.min(job.c.run_at)).where(job.c.state == "available", ~_RESTS)
    if kinds is not None:
        query = query.where(job.c.kind.in_(list(kinds)))
    if not_kinds:
        query = query.where(job.c.kind.not_in(list(not_kinds)))
    if not periodic:
        query = query.where(job.c.instance_id.is_not(None))
    if after is not None:
        query = query.where(job.c.run_at > after)
    moment: datetime | None = reading.value(query)
    return moment


def live_of(reading: Reading, instance_id: UUID) -> dict[tuple[str, int], JobView]:
    """A case's jobs that are not over, by (class, wait): `timer`, `incident` or `job`."""
    query = sa.select(*_COLUMNS).where(job.c.instance_id == instance_id, LIVE, job.c.wait.is_not(None))
    found = {}
    for row in reading.all(query):
        view = JobView(*row)
        found[(class_of(view.kind), view.wait or 0)] = view
    return found


def class_of(kind: str) -> str:
    return {TIMER: "timer", INCIDENT: "incident"}.get(kind, "job")


def keep(tx: Transaction, id: UUID, **values: Any) -> None:
    tx.makes_work = True
    tx.do(job.update().where(job.c.id == id).values(**values))


def close(tx: Transaction, ids: Sequence[UUID], state: str) -> None:
    if ids:
        tx.gather(_CLOSE, ids=list(ids), state=state)


def nudge(tx: Transaction, key: str, now: datetime) -> None:
    """Makes a periodic job due now; one that is being done comes again right after."""
    tx.makes_work = True
    tx.do(job.update().where(job.c.key == key, job.c.state.in_(("available", "running"))).values(run_at=now))


def one(reading: Reading, id: UUID) -> JobView | None:
    return _view(reading.first(sa.select(*_COLUMNS).where(job.c.id == id)))


def busy(reading: Reading, now: datetime) -> bool:
    """Whether any case's work is due or on its way."""
    due = sa.and_(job.c.state == "available", job.c.run_at <= now)
    query = sa.select(
        sa.exists().where(job.c.instance_id.is_not(None), sa.or_(due, job.c.state == "running"), ~_RESTS)
    )
    return bool(reading.value(query))
