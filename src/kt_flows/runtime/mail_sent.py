"""Remembers a mail before it goes out: its Message-ID, token and mark lead a reply back to the case."""

from __future__ import annotations

from collections.abc import Sequence

from kt_flows.runtime.context import Runtime
from kt_flows.store import mails
from kt_flows.store.db import retried
from kt_flows.store.jobs import JobView


@retried
def remember(
    rt: Runtime,
    job: JobView,
    *,
    mail_id: str,
    message_id: str,
    subject_mark: str,
    recipients: Sequence[str],
    subject: str,
    text: str,
) -> None:
    """Writes the row; the same mail again (a repeated job) changes nothing."""
    with rt.transaction("mail_sent.remember") as tx:
        mails.sent(
            tx,
            {
                "mail_id": mail_id,
                "message_id": message_id,
                "token": job.payload.get("correlation_token"),
                "subject_mark": subject_mark,
                "instance_id": job.instance_id,
                "element_id": job.element_id,
                "reply_message": job.payload.get("reply_message"),
                "reply_keywords": job.payload.get("reply_keywords") or {},
                "recipients": list(recipients),
                "subject": subject,
                "text": text,
                "sent_at": rt.clock.now(),
            },
        )
