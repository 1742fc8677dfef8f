"""What a diagram may ask of the service itself: other cases, tasks, notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kt_flows.clock import to_text
from kt_flows.errors import Permanent
from kt_flows.security import SERVICE
from kt_flows.store import history, instances, mails, notices, tasks
from kt_flows.store.db import Transaction
from kt_flows.store.jobs import JobView

Run = Callable[[Transaction, JobView, instances.Held, datetime], Mapping[str, Any]]


def find_case(tx: Transaction, job: JobView, held: instances.Held, now: datetime) -> Mapping[str, Any]:
    """`case.find`: the newest case of a process by values of its variables; never the asking one."""
    asked = job.payload
    found = instances.newest(
        tx,
        definition_key=str(asked["definition_key"]),
        variables=asked["variables"],
        active=bool(asked.get("active")),
        not_id=held.id,
    )
    if found is None:
        return {
            "found": False,
            "instance_id": "",
            "state": "",
            "started_at": None,
            "ended_at": None,
            "variables": {},
        }
    return {
        "found": True,
        "instance_id": str(found.id),
        "state": found.state,
        "started_at": to_text(found.started_at),
        "ended_at": to_text(found.ended_at) if found.ended_at else None,
        "variables": found.variables,
    }


def note_case(tx: Transaction, job: JobView, held: instances.Held, now: datetime) -> Mapping[str, Any]:
    """`case.note`: a line in another case's history with a link to the asking one."""
    detail = {"text": str(job.payload["text"]), "linkedInstanceId": str(held.id)}
    other = UUID(str(job.payload["instance_id"]))
    history.add(tx, other, [{"kind": "noted", "detail": detail}], actor=SERVICE.name, now=now)
    return {"noted": True}


def task_state(tx: Transaction, job: JobView, held: instances.Held, now: datetime) -> Mapping[str, Any]:
    """`task.state`: whether the case's task of an element is open, and in whose hands."""
    view = tasks.of_wait(tx, held.id, str(job.payload["element_id"]))
    return {"open": view is not None, "assignee": (view.assignee or "") if view else ""}


def publish_notice(tx: Transaction, job: JobView, held: instances.Held, now: datetime) -> Mapping[str, Any]:
    asked = job.payload
    notices.publish(
        tx, key=str(asked["key"]), text=str(asked["text"]), groups=asked["groups"], instance_id=held.id, now=now
    )
    _tell(tx, "published", str(asked["key"]), asked["groups"], held, now)
    return {"published": True}


def withdraw_notice(tx: Transaction, job: JobView, held: instances.Held, now: datetime) -> Mapping[str, Any]:
    key = str(job.payload["key"])
    groups = notices.withdraw(tx, key)
    if groups is not None:
        _tell(tx, "withdrawn", key, groups, held, now)
    return {"withdrawn": groups is not None}


def _tell(tx: Transaction, what: str, key: str, groups: Sequence[str], held: instances.Held, now: datetime) -> None:
    """To those at their screens who see the notice, and may not see the case."""
    change = {"kind": "notice", "what": what, "instance_id": held.id, "groups": list(groups), "data": {"key": key}}
    history.tell(tx, [change], now)


def discard_mail(tx: Transaction, job: JobView, held: instances.Held, now: datetime) -> Mapping[str, Any]:
    """`mail.discard`: a person has said what an unsorted mail was."""
    mails.judged(tx, UUID(str(job.payload["mail_id"])), "discarded")
    return {"discarded": True}


def attach_mail(tx: Transaction, job: JobView, held: instances.Held, now: datetime) -> Mapping[str, Any]:
    """`mail.attach`: a person has said whose an unsorted mail is.

    Into the history of the appeal's case; where that case waits for the answer, the diagram hands it over by a
    message.  Raises Permanent(mail.no_case) where there is no such appeal.
    """
    mail = mails.one(tx, UUID(str(job.payload["mail_id"])))
    appeal = str(job.payload["appeal_id"])
    case = instances.of_appeal(tx, appeal)
    if mail is None or case is None:
        raise Permanent(f"there is no case for the appeal {appeal}", code="mail.no_case")
    mails.judged(tx, mail.id, "attached", method="person", instance_id=case.id)
    detail = {"from": mail.sender, "subject": mail.subject, "receivedAt": to_text(mail.received_at), "by": "person"}
    history.add(tx, case.id, [{"kind": "mail.received", "detail": detail}], actor=SERVICE.name, now=now)
    token = case.variables.get("correlation_token")
    return {
        "result": "attached",
        "correlation_token": str(token or ""),
        "answer_text": mail.text,
        "received_at": to_text(mail.received_at),
        "answered_by": mail.sender,
    }


RUNS: Mapping[str, Run] = {
    "case.find": find_case,
    "case.note": note_case,
    "task.state": task_state,
    "notice.publish": publish_notice,
    "notice.withdraw": withdraw_notice,
    "mail.attach": attach_mail,
    "mail.discard": discard_mail,
}
"""Topic to what does it, inside the transaction that settles its job."""
