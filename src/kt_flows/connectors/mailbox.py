"""Mail in: the unseen of a mailbox in their order, marked as seen only when told to (RFC 3501)."""

from __future__ import annotations

import imaplib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from kt_flows.crash import reach
from kt_flows.errors import Temporary

log = logging.getLogger(__name__)

_DATE = re.compile(rb'INTERNALDATE "([^"]+)"')
MAX_MAIL = 30 * 1024 * 1024
"""Bytes of one mail that are fetched: whoever sends more must not fill our memory."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One mail as it lies in the mailbox."""

    uid: int
    raw: bytes
    internal_date: datetime | None


class Mailbox:
    """An open mailbox."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def unseen(self) -> list[int]:
        """UIDs of what nobody has acknowledged, oldest first."""
        data = _done(self._connection.uid("SEARCH", "UNSEEN"), "SEARCH")
        return sorted(int(uid) for line in data if line for uid in line.split())

    def fetch(self, uid: int) -> Fetched | None:
        """One mail, left unseen; None where it has gone meanwhile.  Of one that is too large, its first 30 MiB."""
        asked = f"(UID INTERNALDATE BODY.PEEK[]<0.{MAX_MAIL}>)"
        reach("mailbox", "before", "fetch")
        data = _done(self._connection.uid("FETCH", str(uid), asked), "FETCH")
        reach("mailbox", "after", "fetch")
        for item in data:
            if isinstance(item, tuple) and len(item) > 1:
                stamp = _DATE.search(item[0])
                return Fetched(uid, bytes(item[1]), _moment(stamp[1]) if stamp else None)
        return None

    def acknowledge(self, uid: int) -> None:
        """Marks a mail as seen; only after what it says is committed."""
        reach("mailbox", "before", "acknowledge")
        status, _ = self._connection.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)")
        reach("mailbox", "after", "acknowledge")
        if status != "OK":  # it comes again and is known then
            log.warning("a mail could not be marked as seen")


def _done(answer: tuple[str, list[Any]], command: str) -> list[Any]:
    """What a command found.  Raises Temporary where the server refused it: an empty answer would be a lie."""
    status, data = answer
    if status != "OK":
        raise Temporary(f"the mailbox refuses {command} ({status})")
    return data


def _moment(stamp: bytes) -> datetime | None:
    try:
        return datetime.strptime(stamp.decode("ascii").strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    except ValueError:
        return None


@contextmanager
def opened(url: str | None) -> Iterator[Mailbox]:
    """The mailbox of KT_FLOWS_IMAP_URL.  Raises Temporary where it cannot be reached or the server breaks off."""
    parts = urlsplit(url or "")
    if not parts.hostname:
        raise Temporary("there is no mailbox: set KT_FLOWS_IMAP_URL")
    folder = unquote(parts.path.lstrip("/")) or "INBOX"
    connection: imaplib.IMAP4 | None = None
    try:
        if parts.scheme == "imaps":
            connection = imaplib.IMAP4_SSL(parts.hostname, parts.port or 993, timeout=30)
        else:
            connection = imaplib.IMAP4(parts.hostname, parts.port or 143, timeout=30)
        connection.login(unquote(parts.username or ""), unquote(parts.password or ""))
        status, _ = connection.select(folder)
        if status != "OK":
            raise Temporary(f"there is no folder {folder} in the mailbox")
        yield Mailbox(connection)
    except (imaplib.IMAP4.error, OSError) as error:
        raise Temporary(f"the mailbox of KT_FLOWS_IMAP_URL cannot be read: {type(error).__name__} {error}") from error
    finally:
        if connection is not None:
            try:
                connection.logout()
            except (imaplib.IMAP4.error, OSError):
                connection.shutdown()
