"""A case's correspondence: what it has sent or is about to send, and what has come for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa

from kt_flows.store.db import Reading, Row
from kt_flows.store.tables import job, mail_in, mail_out

SEND = "email.send"
_STATES = {"available": "queued", "running": "queued", "stuck": "stuck", "done": "sent", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class LetterView:
    """One mail.  What is None nobody has kept: mails of earlier releases."""

    id: str
    direction: Literal["in", "out"]
    at: datetime
    sender: str | None
    to: Sequence[str] | None
    subject: str | None
    text: str | None
    element_id: str | None
    state: str
    """`queued`, `sent`, `stuck`, `cancelled` (it has not gone); `received`."""
    verdict: str | None = None
    attachments: Sequence[Mapping[str, Any]] | None = ()
    """`{name, media_type, size}` each."""


def of_case(reading: Reading, instance_id: UUID, mail_id: UUID | None) -> list[LetterView]:
    """The oldest first.  `mail_id` is the mail that the case itself is about, where it is about one."""
    jobs = reading.all(
        sa.select(job.c.id, job.c.key, job.c.state, job.c.payload, job.c.element_id, job.c.created_at).where(
            job.c.instance_id == instance_id, job.c.kind == SEND
        )
    )
    asked = {row.key.replace(":", "-"): row for row in jobs}
    sent = reading.all(sa.select(mail_out).where(mail_out.c.instance_id == instance_id))
    found = [_sent(row, asked.pop(row.mail_id, None)) for row in sent]
    found += [_asked_for(id, row) for id, row in asked.items()]
    here = mail_in.c.instance_id == instance_id
    columns = [column for column in mail_in.c if column.name != "raw"]
    arrived = sa.select(*columns).where(here if mail_id is None else sa.or_(here, mail_in.c.id == mail_id))
    found += [_arrived(row) for row in reading.all(arrived)]
    return sorted(found, key=lambda view: (view.at, view.id))


def raw(reading: Reading, id: UUID) -> bytes:
    """A mail as it came."""
    return bytes(reading.value(sa.select(mail_in.c.raw).where(mail_in.c.id == id)))


def _sent(row: Row, asked: Row | None) -> LetterView:
    payload = asked.payload if asked is not None else {}
    return LetterView(
        row.mail_id,
        "out",
        row.sent_at,
        None,
        list(row.recipients),
        row.subject or payload.get("subject"),
        row.text or payload.get("body"),
        row.element_id,
        _STATES[asked.state] if asked is not None else "sent",
    )


def _asked_for(id: str, row: Row) -> LetterView:
    """One that has not been remembered yet: it is about to be written, or cannot be."""
    to = row.payload.get("to")
    return LetterView(
        id,
        "out",
        row.created_at,
        None,
        [to] if isinstance(to, str) else list(to or []),
        row.payload.get("subject"),
        row.payload.get("body"),
        row.element_id,
        _STATES[row.state],
    )


def _arrived(row: Row) -> LetterView:
    late = row.verdict == "unsorted" and row.instance_id is not None and row.method != "bounce"
    return LetterView(
        str(row.id),
        "in",
        row.received_at,
        row.sender,
        row.recipients,
        row.subject,
        row.text,
        None,
        "received",
        "late" if late else row.verdict,
        row.attachments,
    )
