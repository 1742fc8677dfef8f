"""Deployed processes, their versions and the bundles that cases are bound to."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert

from kt_flows.store import instances
from kt_flows.store.db import Reading, Transaction
from kt_flows.store.ids import new_id
from kt_flows.store.tables import bundle, definition, deployment


@dataclass(frozen=True, slots=True)
class DefinitionView:
    id: UUID
    key: str
    version: int
    name: str
    digest: str
    created_at: datetime
    calls: tuple[str, ...] = ()
    start_messages: tuple[str, ...] = ()
    messages: Mapping[str, Any] = field(default_factory=dict)
    """Message name to `{correlation, payload, keep, again}`, see `runtime/deploy`."""


_NAMES = ("id", "key", "version", "name", "digest", "created_at", "calls", "start_messages", "messages")
_COLUMNS = tuple(definition.c[name] for name in _NAMES)


def pack(files: Mapping[str, bytes]) -> bytes:
    """A folder as one zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def latest(reading: Reading, keys: Sequence[str] | None = None) -> dict[str, DefinitionView]:
    """The newest version of each process, by key."""
    query = (
        sa.select(*_COLUMNS)
        .ext(distinct_on(definition.c.key))
        .order_by(definition.c.key, definition.c.version.desc())
    )
    if keys is not None:
        query = query.where(definition.c.key.in_(keys))
    return {row.key: DefinitionView(*row) for row in reading.all(query)}


_OF_KEY = sa.select(*_COLUMNS).where(definition.c.key == sa.bindparam("of_key"))
_NEWEST = _OF_KEY.order_by(definition.c.version.desc()).limit(1)
_NUMBERED = _OF_KEY.where(definition.c.version == sa.bindparam("number"))


def version(reading: Reading, key: str, number: int | None) -> DefinitionView | None:
    """One version of a process; the newest where no number is given."""
    if number is None:
        row = reading.first(_NEWEST, {"of_key": key})
    else:
        row = reading.first(_NUMBERED, {"of_key": key, "number": number})
    return DefinitionView(*row) if row else None


def visible(reading: Reading, id: UUID) -> DefinitionView | None:
    row = reading.first(sa.select(*_COLUMNS).where(definition.c.id == id))
    return DefinitionView(*row) if row else None


def files(reading: Reading, ids: Sequence[UUID]) -> dict[UUID, dict[str, bytes]]:
    """The folders of these definitions."""
    query = sa.select(definition.c.id, definition.c.files).where(definition.c.id.in_(ids))
    return {row.id: unpack(row.files) for row in reading.all(query)}


def page(
    reading: Reading, *, key: str | None, latest: bool, after: list[Any] | None, limit: int
) -> tuple[list[DefinitionView], list[Any] | None]:
    """By key, newest version first; with the sort values of the last row where there is more."""
    query = sa.select(*_COLUMNS)
    if latest:
        query = sa.select(*_COLUMNS).ext(distinct_on(definition.c.key))
    if key is not None:
        query = query.where(definition.c.key == key)
    if after is not None:
        later = sa.or_(
            definition.c.key > after[0],
            sa.and_(definition.c.key == after[0], definition.c.version < after[1]),
        )
        query = query.where(definition.c.key > after[0] if latest else later)
    rows = reading.all(query.order_by(definition.c.key, definition.c.version.desc()).limit(limit + 1))
    views = [DefinitionView(*row) for row in rows[:limit]]
    return views, [views[-1].key, views[-1].version] if len(rows) > limit else None


def add_deployment(tx: Transaction, *, actor: str, now: datetime) -> UUID:
    id = new_id()
    tx.do(deployment.insert().values(id=id, actor=actor, created_at=now))
    return id


def add(
    tx: Transaction,
    deployment_id: UUID,
    *,
    key: str,
    version: int,
    name: str,
    digest: str,
    files: Mapping[str, bytes],
    start_messages: Sequence[str],
    calls: Sequence[str],
    messages: Mapping[str, Any],
    now: datetime,
) -> DefinitionView:
    """A new version.  A race for the same number fails on its unique key, and the loser deploys again."""
    view = DefinitionView(new_id(), key, version, name, digest, now)
    tx.do(
        definition.insert().values(
            id=view.id,
            deployment_id=deployment_id,
            key=key,
            version=version,
            name=name,
            digest=digest,
            files=pack(files),
            start_messages=list(start_messages),
            calls=list(calls),
            messages=dict(messages),
            created_at=now,
        )
    )
    return view


def bundle_of(members: Mapping[str, UUID]) -> str:
    """A bundle's id: the digest of its members."""
    text = ",".join(f"{key}={id}" for key, id in sorted(members.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def keep_bundle(tx: Transaction, members: Mapping[str, UUID]) -> str:
    id = bundle_of(members)
    values = {"id": id, "members": {key: str(member) for key, member in members.items()}}
    tx.do(insert(bundle).values(values).on_conflict_do_nothing())
    return id


def of_case(reading: Reading, case_id: UUID) -> list[DefinitionView]:
    """The versions that a case is bound to: its own process first, then what that calls in the end."""
    case = instances.EVERY
    asked = sa.select(case.c.definition_key, bundle.c.members).join(bundle, bundle.c.id == case.c.bundle_id)
    row = reading.first(asked.where(case.c.id == case_id))
    assert row is not None
    ids = [UUID(id) for id in row.members.values()]
    there = {
        one.key: DefinitionView(*one) for one in reading.all(sa.select(*_COLUMNS).where(definition.c.id.in_(ids)))
    }
    reached = dict.fromkeys([row.definition_key])
    for key in (order := list(reached)):
        fresh = [called for called in sorted(there[key].calls) if called not in reached]
        reached |= dict.fromkeys(fresh)
        order += fresh
    return [there[key] for key in reached]


def bundles_with(reading: Reading, key: str, id: UUID | None) -> list[str]:
    """The bundles that a process is a member of, in one version or in any."""
    member = bundle.c.members[key].astext
    return [row.id for row in reading.all(sa.select(bundle.c.id).where(member == str(id) if id else member != ""))]


def members(reading: Reading, bundle_id: str) -> dict[str, UUID]:
    """Process key to definition id."""
    found = reading.value(sa.select(bundle.c.members).where(bundle.c.id == bundle_id)) or {}
    return {key: UUID(id) for key, id in found.items()}
