"""Job kind -> what does it: the one table to read «what do we call»."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kt_flows.clock import to_text
from kt_flows.connectors import mailbox, token
from kt_flows.connectors.incoming import read_mail, unread_mail
from kt_flows.connectors.outgoing import Outgoing
from kt_flows.connectors.systems import Systems
from kt_flows.errors import FlowsError, Permanent, Refused, Temporary
from kt_flows.jobs.faults import database_away
from kt_flows.mail import IncomingMail
from kt_flows.runtime import broadcast, correlate, mail_arrived, mail_sent, periodic, put_away, start, tidy
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.internal import RUNS
from kt_flows.security import SERVICE
from kt_flows.store import jobs
from kt_flows.store.jobs import JobView

log = logging.getLogger(__name__)

MAIL_POLL = "mail.poll"
INTERNAL = tuple(RUNS)
"""Kinds that only touch our own tables and are settled in the transaction that runs them."""
SHORT = (jobs.TIMER, jobs.START_TIMER, *INTERNAL)
"""Kinds that are never leased: they hold their row through one transaction."""

POISONED = 3
"""Times that a mail may break the taking in before it is a person's."""

Handler = Callable[[JobView], Mapping[str, Any]]


@dataclass(frozen=True)
class Handlers:
    """What outside kinds do, built from this process's connectors."""

    rt: Runtime
    systems: Systems
    outgoing: Outgoing
    _failures: Counter[str] = field(default_factory=Counter)
    """How often each mail that is still unseen could not be taken in."""

    def run(self, job: JobView) -> Mapping[str, Any]:
        """Does one outside job; answers its result.  Raises Temporary or Permanent."""
        handler = self.table.get(job.kind)
        if handler is None:
            raise Permanent(f"nobody here does {job.kind}; give the topic a worker", code="topic.unknown")
        return handler(job)

    @property
    def table(self) -> Mapping[str, Handler]:
        systems = self.systems
        return {
            "email.send": self.send,
            MAIL_POLL: self.poll,
            periodic.TIDY: lambda job: tidy.tidy(self.rt),
            periodic.PUT_AWAY: lambda job: put_away.put_away(self.rt),
            periodic.FINISH: lambda job: broadcast.finish(self.rt),
            "message.throw": self.throw,
            "signal.throw": self.spread,
            "token.issue": self.issue,
            "siebel.upsert_sr": lambda job: systems.siebel.upsert_sr(job.payload, job.key),
            "cabinet.notify": lambda job: systems.cabinet_notify(job.payload, job.key),
            "billing.grant_month": lambda job: systems.grant_month(job.payload, job.key),
            "line.test": lambda job: systems.test_line(job.payload, job.key),
            "broadband.register_fault": lambda job: systems.register_fault(job.payload, job.key),
            "platform.indicators": lambda job: systems.indicators(job.payload, job.key),
        }

    def send(self, job: JobView) -> Mapping[str, Any]:
        """`email.send`: remembered before it goes, so that the quickest reply finds its case."""
        letter = self.outgoing.letter(job.payload, job.key)
        mail_sent.remember(
            self.rt,
            job,
            mail_id=letter.mail_id,
            message_id=letter.message_id,
            subject_mark=letter.subject_mark,
            recipients=letter.recipients,
            subject=letter.subject,
            text=letter.text,
        )
        self.outgoing.send(letter)
        accepted = to_text(self.rt.clock.now())
        return {
            "mail_id": letter.mail_id,
            "message_id": letter.message_id,
            "accepted_at": accepted,
            "skipped": list(letter.skipped),
        }

    def issue(self, job: JobView) -> Mapping[str, Any]:
        """`token.issue`: the same for the same wait, so that a repeated job changes nothing."""
        return {"token": token.issue(self.rt.settings.secret, str(job.instance_id), str(job.wait))}

    def throw(self, job: JobView) -> Mapping[str, Any]:
        """`message.throw`: through the one door, under the job's key; only then does its own case go on."""
        asked = job.payload
        answer = correlate.message_arrived(
            self.rt,
            SERVICE,
            name=str(asked["name"]),
            correlation=asked["correlation"],
            payload=asked.get("payload") or {},
            message_id=f"job:{job.key}",
            keep=asked.get("keep") is not False,
        )
        return {"result": answer.result}

    def spread(self, job: JobView) -> Mapping[str, Any]:
        """`signal.throw`: to everyone, under the job's key; cut off, the next try goes on with those not reached."""
        asked = job.payload
        sent = broadcast.signal_arrived(
            self.rt,
            SERVICE,
            name=str(asked["name"]),
            payload=asked.get("payload") or {},
            signal_id=f"job:{job.key}",
        )
        return {"cases": len(sent.reached), "processes": len(sent.started)}

    def poll(self, job: JobView | None = None) -> Mapping[str, Any]:
        """`mail.poll`: everything unseen, each mail in its own transaction, acknowledged after the commit.

        A mail that cannot be taken in stays unseen and holds up no other; at its third time it is set aside for a
        person.  Raises Temporary after the last mail where one is left.
        """
        fetched, left = 0, 0
        with mailbox.opened(self.rt.settings.imap_url) as box:
            for uid in box.unseen():
                found = box.fetch(uid)
                if found is None:  # another process's, or deleted
                    continue
                if self._taken_in(found):
                    box.acknowledge(uid)
                    fetched += 1
                else:
                    left += 1
        if left:
            raise Temporary(f"{left} mails could not be taken in")
        return {"fetched": fetched}

    def _taken_in(self, found: mailbox.Fetched) -> bool:
        """False where the mail is to come again.  Raises where it is the database that is away."""
        digest = hashlib.sha256(found.raw).hexdigest()
        try:
            self.take_in(found)
        except Exception as error:
            if database_away(error):
                raise
            log.exception("a mail could not be taken in: %s", type(error).__name__)
            self._failures[digest] += 1
            if self._failures[digest] < POISONED:
                return False
            self._set_aside(found)
        self._failures.pop(digest, None)
        return True

    def _set_aside(self, found: mailbox.Fetched) -> None:
        """A mail that breaks what it touches: kept as it came, for a person to look at."""
        mail = unread_mail(found.raw, found.internal_date, self.rt.clock.now())
        id = mail_arrived.set_aside(self.rt, mail)
        if id is None:
            return
        try:
            self._to_a_person(mail_arrived.unsorted_variables(mail, id))
        except Exception as error:
            if database_away(error):
                raise
            log.exception("a mail is kept, and nobody was asked to look at it")
        mail_arrived.handed_over(self.rt, id)

    def take_in(self, found: mailbox.Fetched) -> None:
        """One mail to its case, to the history, or to a person."""
        rt = self.rt
        mail = read_mail(found.raw, found.internal_date, rt.clock.now())
        sorted_ = mail_arrived.sort_mail(rt, mail)
        if sorted_.mail_id is None:
            return
        if sorted_.verdict == "answer" and sorted_.message is not None:
            key = mail_arrived.key_name(rt, sorted_.message)
            self._hand_over(mail, sorted_.mail_id, sorted_.message, {key: sorted_.token})
        elif sorted_.verdict == "bounce":
            self._hand_over(mail, sorted_.mail_id, "msg_delivery_bounced", {"mail_id": sorted_.bounced_mail_id})
        elif sorted_.verdict in ("unsorted", "late"):
            self._to_a_person(mail_arrived.unsorted_variables(mail, sorted_.mail_id))
        mail_arrived.handed_over(rt, sorted_.mail_id)

    def _hand_over(self, mail: IncomingMail, id: UUID, name: str, correlation: Mapping[str, Any]) -> None:
        """A mail as a message, once; what its process does not take as it is goes to a person."""
        try:
            correlate.message_arrived(
                self.rt,
                SERVICE,
                name=name,
                correlation=correlation,
                payload=mail_arrived.payload_of(mail, id),
                message_id=f"mail:{id}",
            )
        except Refused as error:
            log.warning("%s does not take a mail: %s", name, error.message)
            self._to_a_person(mail_arrived.unsorted_variables(mail, id))

    def _to_a_person(self, variables: Mapping[str, Any]) -> None:
        try:
            start.start(
                self.rt,
                SERVICE,
                definition_key=self.rt.settings.unsorted_process,
                variables=variables,
                source="mail",
                business_key=str(variables["mail_id"]),
            )
        except FlowsError as error:
            # The mail is kept with the verdict «unsorted» and counted in /metrics.
            log.error("unsorted mail has no process: %s", error.code)
