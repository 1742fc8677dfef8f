"""Mail that has arrived, as the rest of the service knows it: read, decoded, its signs found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that a mail carries, under a name that is safe to show; its contents stay in the raw mail."""

    name: str
    media_type: str
    """What the sender says that it is."""
    size: int


@dataclass(frozen=True, slots=True)
class IncomingMail:
    """One mail from the mailbox.

    `received_at` is the stamp of the mailbox's own server, never the sender's `Date`.  `tokens` come from the
    plus-addresses that it was sent to, `marks` from its subject.  `automatic` says that a program wrote it (RFC 3834
    and the signs that mail programs really use); `bounce_of` is the Message-ID of our mail that could not be
    delivered (RFC 3464); `own` that we wrote it ourselves.
    """

    message_id: str
    digest: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    first_line: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    tokens: tuple[str, ...]
    marks: tuple[str, ...]
    automatic: bool
    own: bool
    bounce_of: str | None
    attachments: tuple[Enclosed, ...]
    raw: bytes
    bounce_status: str | None = None
    """RFC 3463: `5.1.1` is an address that is not there."""
