"""Files that people have put to cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kt_flows.store.db import Reading, Transaction
from kt_flows.store.ids import new_id
from kt_flows.store.tables import attachment


@dataclass(frozen=True, slots=True)
class AttachmentView:
    id: UUID
    instance_id: UUID
    at: datetime
    actor: str
    name: str
    media_type: str
    size: int
    sha256: str


_COLUMNS = tuple(attachment.c[name] for name in AttachmentView.__dataclass_fields__)


def add(
    tx: Transaction,
    instance_id: UUID,
    *,
    actor: str,
    name: str,
    media_type: str,
    data: bytes,
    sha256: str,
    now: datetime,
) -> AttachmentView:
    view = AttachmentView(new_id(), instance_id, now, actor, name, media_type, len(data), sha256)
    row = {name: getattr(view, name) for name in AttachmentView.__dataclass_fields__}
    tx.do(attachment.insert().values(**row, data=data))
    return view


def of_case(reading: Reading, instance_id: UUID) -> list[AttachmentView]:
    """The oldest first."""
    query = sa.select(*_COLUMNS).where(attachment.c.instance_id == instance_id).order_by(attachment.c.id)
    return [AttachmentView(*row) for row in reading.all(query)]


def one(reading: Reading, id: UUID) -> AttachmentView | None:
    row = reading.first(sa.select(*_COLUMNS).where(attachment.c.id == id))
    return AttachmentView(*row) if row else None


def data_of(reading: Reading, view: AttachmentView) -> bytes:
    here = (attachment.c.instance_id == view.instance_id, attachment.c.id == view.id)
    return bytes(reading.value(sa.select(attachment.c.data).where(*here)))
