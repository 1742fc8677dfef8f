"""Mail that went out, so that replies find their case; mail that came in, each once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kt_flows.mail import IncomingMail
from kt_flows.store.db import Reading, Row, Transaction
from kt_flows.store.ids import new_id
from kt_flows.store.tables import mail_in, mail_out


def sent(tx: Transaction, values: Mapping[str, Any]) -> None:
    """Remembers a mail that is about to go out; the same again changes nothing."""
    tx.do(insert(mail_out).values(values).on_conflict_do_nothing())


def by_token(reading: Reading, tokens: Sequence[str]) -> Row | None:
    """The newest mail that carried one of these tokens."""
    return _newest(reading, mail_out.c.token.in_(list(tokens))) if tokens else None


def by_message_id(reading: Reading, message_ids: Sequence[str]) -> Row | None:
    return _newest(reading, mail_out.c.message_id.in_(list(message_ids))) if message_ids else None


def by_mark(reading: Reading, marks: Sequence[str]) -> Row | None:
    return _newest(reading, mail_out.c.subject_mark.in_(list(marks))) if marks else None


def _newest(reading: Reading, where: sa.ColumnElement[bool]) -> Row | None:
    return reading.first(sa.select(mail_out).where(where).order_by(mail_out.c.sent_at.desc()).limit(1))


def take_in(tx: Transaction, mail: IncomingMail, now: datetime) -> tuple[UUID, bool] | None:
    """Remembers a mail: its id, and whether it is new.

    None where it came before (from a second mailbox, or fetched again) and has reached whom it was for; one that
    has not, because the process was killed in between, is not new and goes its way again.
    """
    id = new_id()
    values = {
        "id": id,
        "message_id": mail.message_id,
        "digest": mail.digest,
        "received_at": mail.received_at,
        "fetched_at": now,
        "sender": mail.sender,
        "subject": mail.subject,
        "text": mail.text,
        "raw": mail.raw,
        "recipients": list(mail.recipients),
        "attachments": [asdict(one) for one in mail.attachments],
        "verdict": "new",
    }
    if tx.do(insert(mail_in).values(values).on_conflict_do_nothing()):
        return id, True
    here = sa.and_(mail_in.c.message_id == mail.message_id, mail_in.c.digest == mail.digest)
    before = tx.value(sa.select(mail_in.c.id).where(here, mail_in.c.handed_at.is_(None)).with_for_update())
    return (before, False) if before is not None else None


def handed(tx: Transaction, id: UUID, now: datetime) -> None:
    """It has reached whom it was for."""
    tx.do(mail_in.update().where(mail_in.c.id == id).values(handed_at=now))


def judged(
    tx: Transaction, id: UUID, verdict: str, *, method: str | None = None, instance_id: UUID | None = None
) -> None:
    tx.do(mail_in.update().where(mail_in.c.id == id).values(verdict=verdict, method=method, instance_id=instance_id))


def one(reading: Reading, id: UUID) -> Row | None:
    return reading.first(sa.select(mail_in).where(mail_in.c.id == id))
