"""API keys by their hashes, and the sandbox's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kt_flows.store.db import Reading, Row, Transaction
from kt_flows.store.tables import api_key, sandbox_clock


def add(
    tx: Transaction,
    *,
    id: str,
    name: str,
    roles: Sequence[str],
    groups: Sequence[str],
    digest: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> None:
    tx.do(
        api_key.insert().values(
            id=id,
            name=name,
            roles=list(roles),
            groups=list(groups),
            digest=digest,
            created_at=now,
            expires_at=expires_at,
        )
    )


def find(reading: Reading, id: str, now: datetime) -> Row | None:
    """A key that is neither revoked nor expired."""
    live = sa.or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > now)
    return reading.first(sa.select(api_key).where(api_key.c.id == id, api_key.c.revoked_at.is_(None), live))


def any_live(reading: Reading, now: datetime) -> bool:
    live = sa.or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > now)
    return bool(reading.value(sa.select(sa.exists().where(api_key.c.revoked_at.is_(None), live))))


def every(reading: Reading) -> Sequence[Row]:
    """All keys, oldest first, for a list; never what they are."""
    names = ("id", "name", "roles", "groups", "created_at", "expires_at", "revoked_at")
    return reading.all(sa.select(*(api_key.c[name] for name in names)).order_by(api_key.c.created_at))


def holders(
    reading: Reading, now: datetime, roles: Sequence[str], groups: Sequence[str] | None
) -> dict[str, list[str]]:
    """Names to their groups, of live keys with one of the roles and, unless None, one of the groups."""
    live = sa.or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > now)
    query = sa.select(api_key.c.name, api_key.c.groups).where(
        api_key.c.revoked_at.is_(None), live, api_key.c.roles.overlap(list(roles))
    )
    if groups is not None:
        query = query.where(api_key.c.groups.overlap(list(groups)))
    found: dict[str, set[str]] = {}
    for row in reading.all(query):
        found.setdefault(row.name, set()).update(row.groups)
    return {name: sorted(theirs) for name, theirs in found.items()}


def revoke(tx: Transaction, id: str, now: datetime) -> bool:
    here = api_key.update().where(api_key.c.id == id, api_key.c.revoked_at.is_(None))
    return tx.do(here.values(revoked_at=now)) == 1


def clock_offset(reading: Reading) -> timedelta:
    """How far the sandbox's clock has been moved."""
    return reading.value(sa.select(sandbox_clock.c.offset)) or timedelta()


def keep_clock_offset(tx: Transaction, offset: timedelta) -> None:
    tx.do(
        insert(sandbox_clock)
        .values(id=1, offset=offset)
        .on_conflict_do_update(index_elements=["id"], set_={"offset": offset})
    )
