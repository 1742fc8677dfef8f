"""The sandbox's post office: takes what the service submits, and brings mail from outside into its mailbox.

Every mail that passes gets a `Received:` line stamped with the sandbox's clock, as an MX would: a reply's time is
that stamp, not the sender's `Date:` (clause 5.2а counts to the arrival).
"""

from __future__ import annotations

import email
import email.policy
import logging
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses, parseaddr
from typing import Any

from kt_flows.clock import Clock, to_text
from kt_flows.sandbox.mailbox import Folder, Mail
from kt_flows.sandbox.switches import Switches

log = logging.getLogger(__name__)

DOMAIN = "kt.sandbox"
HOST = f"mx.{DOMAIN}"
MAILBOX = f"complaints@{DOMAIN}"
_OWN = re.compile(r"(?:complaints|bounce)(?:\+[^@]*)?@" + re.escape(DOMAIN), re.IGNORECASE)

Receiver = Callable[[Mail, bytes, str], None]
"""Takes the mail as kept among the sent, its bytes, and the envelope's sender."""


class Post:
    """Sorts mail into the service's mailbox, the folder of what it sent, and other receivers' hands."""

    def __init__(
        self, inbox: Folder, sent: Folder, clock: Clock, switches: Switches, nudge: Callable[[], None]
    ) -> None:
        self.inbox = inbox
        self.sent = sent
        self._clock = clock
        self._switches = switches
        self._nudge = nudge
        self._receivers: dict[str, Receiver] = {}
        self._items: dict[int, dict[str, Any]] = {}

    def hand_to(self, address: str, receiver: Receiver) -> None:
        """Mail to this address is also given to `receiver`."""
        self._receivers[address.lower()] = receiver

    def submit(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Takes a mail over SMTP: whoever is not of our domain and writes to our mailbox is the outside world."""
        own = [address for address in recipients if _OWN.fullmatch(address)]
        outside = bool(sender) and not sender.lower().endswith("@" + DOMAIN) and len(own) == len(recipients)
        if not outside:
            self._send(sender, recipients, raw)
        if own:
            self.deliver(raw, sender=sender, recipient=own[0])

    def _send(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        now = self._clock.now()
        kept = (
            f"Return-Path: <{sender}>\r\nX-Envelope-To: {', '.join(recipients)}\r\n".encode()
            + _received(now, "kt-flows", recipients[0])
            + raw
        )
        mail = self.sent.add(kept, now)
        for address in recipients:
            receiver = self._receivers.get(address.lower())
            if receiver is not None:
                receiver(mail, raw, sender)

    def deliver(self, raw: bytes, *, sender: str = "", recipient: str = MAILBOX, at: datetime | None = None) -> Mail:
        """Puts a mail from outside into the service's mailbox (told to: twice) and tells the service to look."""
        at = at or self._clock.now()
        raw = b"\r\n".join(raw.splitlines()) + b"\r\n"
        via = sender.rpartition("@")[2] or "outside"
        stamped = f"Return-Path: <{sender}>\r\n".encode() + _received(at, via, recipient) + raw
        mail = self.inbox.add(stamped, at)
        if self._switches.get("imap").behaviour == "twice":
            self._switches.take("imap")
            self.inbox.add(stamped, at)
        try:
            self._nudge()
        except Exception:  # the mail is there, and the next poll finds it
            log.warning("The service could not be told of new mail", exc_info=True)
        return mail

    def sent_mail(self) -> list[dict[str, Any]]:
        """What the mail server received from the service, newest first, as `GET /v1/sandbox/mail` shows it."""
        items = []
        for mail in reversed(self.sent.mails()):
            if mail.uid not in self._items:
                self._items[mail.uid] = _item(mail, self.sent.raw(mail.uid))
            items.append(self._items[mail.uid])
        return items


def read(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage) -> str:
    """The text that a person reads; an unknown charset is read as UTF-8, with marks for what it is not."""
    body = message.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        text = str(body.get_content())
    except (LookupError, ValueError):
        payload = body.get_payload(decode=True)
        text = payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    return text.replace("\r\n", "\n")


def _item(mail: Mail, raw: bytes) -> dict[str, Any]:
    message = read(raw)
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else str(value)
    recipients = [address for _, address in getaddresses([headers.pop("X-Envelope-To", "")])]
    return {
        "at": to_text(mail.at),
        "from": parseaddr(str(message.get("From", "")))[1],
        "to": ", ".join(recipients),
        "subject": str(message.get("Subject", "")),
        "headers": headers,
        "text": text_of(message),
    }


def _received(at: datetime, via: str, recipient: str) -> bytes:
    return f"Received: from {via} by {HOST} with ESMTP\r\n for <{recipient}>; {format_datetime(at)}\r\n".encode()
