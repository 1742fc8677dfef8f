"""A mail has arrived: whose it is, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from kt_flows.clock import to_text
from kt_flows.mail import IncomingMail
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE
from kt_flows.store import definitions, history, instances, mails
from kt_flows.store.db import Transaction, retried


@dataclass(frozen=True, slots=True)
class Sorted:
    """What to do with a mail: hand over a message, start the process for unsorted mail, or nothing more."""

    verdict: Literal["duplicate", "own", "automatic", "answer", "bounce", "late", "unsorted"]
    mail_id: UUID | None = None
    message: str | None = None
    token: str | None = None
    bounced_mail_id: str | None = None
    instance_id: UUID | None = None


@retried
def sort_mail(rt: Runtime, mail: IncomingMail) -> Sorted:
    """Remembers a mail and finds what it answers, in one transaction.

    Who hands the mail over then says so by `handed_over`; a mail that was not is sorted again when it is fetched
    again, so that a kill in between loses nothing.

    By token, then by References, then by the subject's mark.  An automatic reply is a note and never stops a clock;
    a bounce is a message of its own; our own mail is dropped; what fits nowhere is for a person.
    """
    now = rt.clock.now()
    with rt.transaction("mail_arrived.sort") as tx:
        taken = mails.take_in(tx, mail, now)
        if taken is None:
            return Sorted("duplicate")
        id, fresh = taken

        def note(case: UUID, kind: str, method: str) -> None:
            if fresh:
                _note(tx, case, kind, mail, method, now)

        if mail.own or mails.by_message_id(tx, [mail.message_id]) is not None:
            mails.judged(tx, id, "own")
            return Sorted("own", id)
        if mail.bounce_of is not None:
            original = mails.by_message_id(tx, [mail.bounce_of])
            verdict: Any = "bounce" if original is not None and _active(tx, original.instance_id) else "unsorted"
            instance_id = original.instance_id if original is not None else None
            mails.judged(tx, id, verdict, method="bounce", instance_id=instance_id)
            if original is not None and instance_id is not None:
                note(instance_id, "mail.bounced", "bounce")
            bounced = original.mail_id if original is not None else None
            return Sorted(verdict, id, bounced_mail_id=bounced, instance_id=instance_id)
        original, method = _answered(tx, mail)
        if original is None or original.instance_id is None:
            mails.judged(tx, id, "automatic" if mail.automatic else "unsorted")
            return Sorted("automatic" if mail.automatic else "unsorted", id)
        case: UUID = original.instance_id
        if mail.automatic:
            mails.judged(tx, id, "automatic", method=method, instance_id=case)
            note(case, "mail.automatic", method)
            return Sorted("automatic", id, instance_id=case)
        if not _active(tx, case) or original.reply_message is None:
            mails.judged(tx, id, "unsorted", method=method, instance_id=case)
            note(case, "mail.late", method)
            return Sorted("late", id, instance_id=case)
        mails.judged(tx, id, "answer", method=method, instance_id=case)
        note(case, "mail.received", method)
        message = original.reply_message
        for keyword, other in original.reply_keywords.items():
            if mail.first_line.casefold().lstrip(' *«"').startswith(str(keyword).casefold()):
                message = str(other)
        return Sorted("answer", id, message=message, token=original.token, instance_id=case)


@retried
def set_aside(rt: Runtime, mail: IncomingMail) -> UUID | None:
    """Keeps a mail that could not be sorted, for a person; None where it has been set aside before."""
    with rt.transaction("mail_arrived.set_aside") as tx:
        taken = mails.take_in(tx, mail, rt.clock.now())
        if taken is None:
            return None
        mails.judged(tx, taken[0], "unsorted", method="fault")
        return taken[0]


@retried
def handed_over(rt: Runtime, id: UUID) -> None:
    """The mail has reached its case, or a person."""
    with rt.transaction("mail_arrived.handed_over") as tx:
        mails.handed(tx, id, rt.clock.now())


def payload_of(mail: IncomingMail, id: UUID) -> dict[str, Any]:
    """What a mail says, as a message's payload."""
    return {
        "answer_text": mail.text,
        "received_at": to_text(mail.received_at),
        "mail_id": str(id),
        "answered_by": mail.sender,
    }


def unsorted_variables(mail: IncomingMail, id: UUID) -> dict[str, Any]:
    """What the process for unsorted mail starts with."""
    return {
        "mail_id": str(id),
        "mail_from": mail.sender,
        "mail_subject": mail.subject,
        "mail_text": mail.text,
        "mail_received_at": to_text(mail.received_at),
    }


def _answered(tx: Transaction, mail: IncomingMail) -> tuple[Any, str]:
    if (found := mails.by_token(tx, mail.tokens)) is not None:
        return found, "token"
    # A token that is nobody's was guessed or is another site's: nothing else in the mail is believed then.
    if mail.tokens:
        return None, "token"
    if (found := mails.by_message_id(tx, [*mail.in_reply_to, *mail.references])) is not None:
        return found, "references"
    return mails.by_mark(tx, mail.marks), "subject"


def _active(tx: Transaction, id: UUID | None) -> bool:
    return id is not None and not instances.is_over(tx, id)


def _note(tx: Transaction, id: UUID, kind: str, mail: IncomingMail, method: str, now: datetime) -> None:
    detail = {"from": mail.sender, "subject": mail.subject, "receivedAt": to_text(mail.received_at), "by": method}
    if mail.bounce_status is not None:
        detail["status"] = mail.bounce_status
    history.add(tx, id, [{"kind": kind, "detail": detail}], actor=SERVICE.name, now=now)


def key_name(rt: Runtime, message: str) -> str:
    """The variable by which a message finds its case, as its process declares it."""
    with rt.reading() as reading:
        for view in definitions.latest(reading).values():
            declared = view.messages.get(message)
            if declared and declared["correlation"]:
                return str(declared["correlation"][0])
    return "correlation_token"
