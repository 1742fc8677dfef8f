"""The memory of the one door for messages, and who waits for which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kt_flows.store.db import Reading, Row, Transaction
from kt_flows.store.ids import new_id
from kt_flows.store.tables import message, message_key, message_wait

SIGNAL, CONDITION = "signal:", "condition:"
"""What the name of a signal, or of a conditional start, begins with where it stands among messages; a message's own
name has no colon."""


def canonical(correlation: Mapping[str, Any]) -> str:
    """Correlation values as one text: sorted, each as text."""
    return orjson.dumps(
        {name: str(value) for name, value in correlation.items()}, option=orjson.OPT_SORT_KEYS
    ).decode()


def lock(tx: Transaction, name: str, key: str) -> None:
    """Takes turns with every equal message and every wait that opens for it."""
    values = {"name": name, "correlation": key}
    statement = insert(message_key).values(values)
    tx.do(
        statement.on_conflict_do_update(
            index_elements=["name", "correlation"], set_={"name": statement.excluded.name}
        )
    )


def waiting(
    reading: Reading, name: str, *, correlation: str | None, business_key: str | None
) -> list[tuple[UUID, int]]:
    """(case, wait) of those who wait for the message, oldest case first."""
    query = sa.select(message_wait.c.instance_id, message_wait.c.wait).where(message_wait.c.name == name)
    if correlation is not None:
        query = query.where(message_wait.c.correlation == correlation)
    else:
        query = query.where(message_wait.c.business_key == business_key)
    return [(row.instance_id, row.wait) for row in reading.all(query.order_by(message_wait.c.instance_id))]


def waiting_for_signal(reading: Reading, name: str) -> list[tuple[UUID, int]]:
    """(case, wait) of all who wait for a signal."""
    query = sa.select(message_wait.c.instance_id, message_wait.c.wait)
    return [(row.instance_id, row.wait) for row in reading.all(query.where(message_wait.c.name == SIGNAL + name))]


def spread(tx: Transaction, name: str, message_id: str) -> Row | None:
    """A signal that came before: id, state (buffered until everybody has been reached), whom it is for."""
    return tx.first(
        sa.select(message.c.id, message.c.state, message.c.instance_ids).where(
            message.c.name == name, message.c.message_id == message_id
        )
    )


def unfinished(reading: Reading, before: datetime, most: int = 20) -> list[Row]:
    """Signals that came before `before` and have not reached everybody yet, oldest first: id, name, message_id,
    payload, instance_ids."""
    columns = (message.c.id, message.c.name, message.c.message_id, message.c.payload, message.c.instance_ids)
    left = sa.and_(message.c.state == "buffered", message.c.name.startswith(SIGNAL), message.c.received_at < before)
    return list(reading.all(sa.select(*columns).where(left).order_by(message.c.id).limit(most)))


def open_of(reading: Reading, instance_id: UUID) -> dict[int, Row]:
    rows = reading.all(sa.select(message_wait).where(message_wait.c.instance_id == instance_id))
    return {row.wait: row for row in rows}


def add_waits(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.do(message_wait.insert(), list(rows))


def drop_waits(tx: Transaction, instance_id: UUID, waits: Sequence[int]) -> None:
    if waits:
        tx.do(
            message_wait.delete().where(
                message_wait.c.instance_id == instance_id, message_wait.c.wait.in_(list(waits))
            )
        )


def remember(
    tx: Transaction,
    *,
    name: str,
    message_id: str,
    correlation: str | None,
    business_key: str | None,
    payload: Mapping[str, Any],
    now: datetime,
    expires_at: datetime,
    state: str = "buffered",
    instance_ids: Sequence[UUID] = (),
) -> UUID | None:
    """Takes a message into memory; None where it was here before (waits for a race to end)."""
    id = new_id()
    values = {
        "id": id,
        "name": name,
        "message_id": message_id,
        "correlation": correlation,
        "business_key": business_key,
        "payload": payload,
        "state": state,
        "instance_ids": list(instance_ids),
        "received_at": now,
        "expires_at": expires_at,
    }
    taken = tx.do(insert(message).values(values).on_conflict_do_nothing())
    return id if taken else None


def known(reading: Reading, name: str, message_id: str) -> list[UUID] | None:
    """The cases that a message of this id went to; None where it never came."""
    found = reading.first(
        sa.select(message.c.instance_ids).where(message.c.name == name, message.c.message_id == message_id)
    )
    return list(found[0]) if found is not None else None


def settle(tx: Transaction, id: UUID, state: str, instance_ids: Sequence[UUID] = ()) -> None:
    tx.do(message.update().where(message.c.id == id).values(state=state, instance_ids=list(instance_ids)))


def prolong(tx: Transaction, id: UUID, expires_at: datetime) -> None:
    tx.do(message.update().where(message.c.id == id).values(expires_at=expires_at))


def buffered(tx: Transaction, name: str, correlation: str, business_key: str | None, now: datetime) -> Row | None:
    """The oldest kept message for a wait that has just opened, locked."""
    fits = message.c.correlation == correlation
    if business_key is not None:
        fits = sa.or_(fits, sa.and_(message.c.correlation.is_(None), message.c.business_key == business_key))
    query = (
        sa.select(message.c.id, message.c.payload)
        .where(message.c.name == name, message.c.state == "buffered", message.c.expires_at > now, fits)
        .order_by(message.c.id)
        .limit(1)
        .with_for_update()
    )
    return tx.first(query)


def expire(tx: Transaction, now: datetime) -> int:
    """Closes kept messages whose time is over; they stay to be looked at."""
    return tx.do(
        message.update().where(message.c.state == "buffered", message.c.expires_at <= now).values(state="expired")
    )


def drop_keys(tx: Transaction, most: int = 10_000) -> int:
    """Drops rows that nobody holds: they are there to be locked, and whoever needs one makes it again."""
    free = sa.select(message_key.c.name, message_key.c.correlation).limit(most).with_for_update(skip_locked=True)
    chosen = free.cte("free")
    return tx.do(
        message_key.delete().where(
            message_key.c.name == chosen.c.name, message_key.c.correlation == chosen.c.correlation
        )
    )
