"""A simulated provider: mail arrives at its address, and it answers, is late, is away, bounces, or keeps still.

What it owes is written down before it is done, and what it has done after; a reply's Message-ID follows from the mail
that it answers.  So a kill in between makes the same reply come twice at worst, as mail does.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kt_flows.clock import Clock, from_text, to_text
from kt_flows.errors import FieldError, InvalidValues
from kt_flows.sandbox import letters
from kt_flows.sandbox.journal import Journal
from kt_flows.sandbox.mailbox import Mail
from kt_flows.sandbox.post import Post, read

log = logging.getLogger(__name__)

BEHAVIOURS = ("silent", "answers", "late", "auto_reply", "bounces", "vendor")
LATE = timedelta(hours=25)
"""Of silence before a late provider's answer: an hour more than the instruction allows (clause 5.2а)."""


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that the provider has: `uid` in the folder of sent mail, what is owed for it now, what is due later.

    `state` is waiting, answered, bounced, or read for mail that a person would not answer.
    """

    uid: int
    at: str
    sender: str
    message_id: str
    subject: str
    state: str = "waiting"
    owes: str | None = None
    due: str | None = None


class Provider:
    """Reacts to mail at its address; may be called from any thread."""

    def __init__(self, post: Post, clock: Clock, path: Path) -> None:
        self._post = post
        self._clock = clock
        self._journal = Journal(path)
        self._lock = threading.RLock()
        self._mails: dict[int, Received] = {}
        self.behaviour = "silent"
        for entry in self._journal.read():
            if "behaviour" in entry:
                self.behaviour = entry["behaviour"]
            else:
                self._mails[entry["uid"]] = Received(**entry)
        self._journal.replace([{"behaviour": self.behaviour}, *map(asdict, self._mails.values())])

    def receive(self, mail: Mail, raw: bytes, sender: str) -> None:
        """Takes a mail and does at once what the behaviour asks for."""
        message = read(raw)
        automatic = str(message.get("Auto-Submitted", "no")).strip().lower() != "no"
        id = str(message.get("Message-ID", "")).strip()
        new = Received(mail.uid, to_text(mail.at), sender, id, str(message.get("Subject", "")))
        with self._lock:
            again = bool(id) and any(known.message_id == id for known in self._mails.values())
            if self.behaviour == "bounces":
                new = replace(new, state="bounced", owes="bounce" if sender else None)
            elif automatic or again:
                new = replace(new, state="read")
            elif self.behaviour == "late":
                new = replace(new, due=to_text(mail.at + LATE))
            elif self.behaviour in ("auto_reply", "vendor"):
                new = replace(new, owes=self.behaviour)
            self._note(new)
        self.drain()

    def behave(self, behaviour: str) -> None:
        """Changes the behaviour.

        `answers` also answers every mail that is still waiting, `late` schedules those that have no date yet; what
        is scheduled comes whatever the behaviour is later.
        """
        if behaviour not in BEHAVIOURS:
            raise InvalidValues([FieldError("behaviour", " | ".join(BEHAVIOURS))])
        with self._lock:
            self._journal.append({"behaviour": behaviour})
            self.behaviour = behaviour
            if behaviour == "late":
                for mail in self._waiting():
                    if mail.due is None:
                        due = max(from_text(mail.at) + LATE, self._clock.now())
                        self._note(replace(mail, due=to_text(due)))
        self.drain()

    def next_due(self, after: datetime | None = None) -> datetime | None:
        """When the next scheduled reply (later than `after`) goes out."""
        with self._lock:
            dates = (from_text(mail.due) for mail in self._mails.values() if mail.due)
            return min((due for due in dates if after is None or due > after), default=None)

    def drain(self) -> None:
        """Sends every reply that is owed or due by now."""
        replies: dict[str, Callable[[Received], None]] = {
            "bounce": self._bounce,
            "auto_reply": lambda mail: self._reply(mail, "away", letters.out_of_office),
            "vendor": lambda mail: self._reply(mail, "vendor", letters.vendor_claim),
        }
        with self._lock:
            now = self._clock.now()
            for mail in list(self._mails.values()):
                if mail.owes is not None:
                    replies[mail.owes](mail)
                    mail = replace(mail, owes=None)
                    self._note(mail)
                due = from_text(mail.due) if mail.due else None
                if mail.state == "waiting" and (self.behaviour == "answers" or (due is not None and due <= now)):
                    at = due if due is not None and due <= now else now
                    self._reply(mail, "answer", letters.answer, at)
                    self._note(replace(mail, state="answered", due=None))

    def seen(self) -> list[dict[str, Any]]:
        """The mails that arrived, newest first, with what became of each."""
        with self._lock:
            return [
                {"at": mail.at, "subject": mail.subject, "state": mail.state, "replyAt": mail.due}
                for mail in reversed(self._mails.values())
            ]

    def _waiting(self) -> list[Received]:
        return [mail for mail in self._mails.values() if mail.state == "waiting"]

    def _note(self, mail: Received) -> None:
        self._mails[mail.uid] = mail
        self._journal.append(asdict(mail))

    def _reply(
        self,
        mail: Received,
        kind: str,
        write: Callable[[Any, str, datetime], bytes],
        at: datetime | None = None,
    ) -> None:
        at = at or self._clock.now()
        original = read(self._post.sent.raw(mail.uid))
        if not (original.get("Reply-To") or original.get("From")):
            log.warning("Mail %d names nobody to answer", mail.uid)
            return
        sender = "" if kind == "away" else letters.ADDRESS
        self._post.deliver(write(original, _id(mail, kind), at), sender=sender, recipient=_to(original), at=at)

    def _bounce(self, mail: Received) -> None:
        at = self._clock.now()
        original = read(self._post.sent.raw(mail.uid))
        self._post.deliver(
            letters.bounce(original, _id(mail, "bounce"), at, mail.sender), recipient=mail.sender, at=at
        )


def _id(mail: Received, kind: str) -> str:
    return f"<{kind}.{mail.uid}.{from_text(mail.at):%Y%m%d%H%M%S%f}@{letters.ADDRESS.partition('@')[2]}>"


def _to(original: Any) -> str:
    addresses = (original["Reply-To"] or original["From"]).addresses
    return str(addresses[0].addr_spec) if addresses else ""
