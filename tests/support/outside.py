"""Clients of the sandbox's real protocols, and mail as the service would write it."""

from __future__ import annotations

import imaplib
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

from kt_flows.sandbox.sandbox import Sandbox

T0 = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
TOKEN = "complaints+v1.tok@kt.sandbox"


def letter(number: int = 1, to: str = Sandbox.provider_address, **headers: str) -> EmailMessage:
    """A mail as the service would send it."""
    mail = EmailMessage()
    mail["From"] = Sandbox.address
    mail["To"] = to
    mail["Reply-To"] = TOKEN
    mail["Subject"] = f"Жалоба абонента [KT-{number}]"
    mail["Message-ID"] = f"<kt.{number}@kt.sandbox>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Программа не запускается.\n.точка в начале строки\n")
    return mail


def smtp(sandbox: Sandbox) -> smtplib.SMTP:
    parts = urlsplit(sandbox.smtp_url)
    return smtplib.SMTP(parts.hostname or "", parts.port or 0, timeout=10)


@contextmanager
def imap(sandbox: Sandbox) -> Iterator[imaplib.IMAP4]:
    """Signed in, INBOX open."""
    parts = urlsplit(sandbox.imap_url)
    with imaplib.IMAP4(parts.hostname or "", parts.port or 0, timeout=10) as client:
        client.login(parts.username or "", parts.password or "")
        client.select(parts.path.strip("/"))
        yield client


def inbox(sandbox: Sandbox) -> list[bytes]:
    return [sandbox.mailbox.raw(mail.uid) for mail in sandbox.mailbox.mails()]
