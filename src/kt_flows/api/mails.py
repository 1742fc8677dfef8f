"""Mail that came in: what it says, what became of it, and who is to sort it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.enclosed import Enclosed, enclosed_in, enclosed_json, read_again
from kt_flows.api.models import Listed, Told
from kt_flows.api.paging import PageAsked
from kt_flows.api.values import Id, parse_id
from kt_flows.clock import to_text
from kt_flows.connectors.incoming import headers_of
from kt_flows.errors import NotFound
from kt_flows.runtime.context import Runtime
from kt_flows.store import letters, mail_list
from kt_flows.store.db import Reading
from kt_flows.store.mail_list import MailView

router = APIRouter(route_class=Door, tags=["supervision"])

Verdict = Literal["new", "own", "automatic", "answer", "bounce", "unsorted", "attached", "discarded"]


class Mail(Told):
    id: str
    received_at: datetime
    sender: str = Field(alias="from")
    subject: str
    text: str
    verdict: Verdict
    method: str | None = Field(description="How its case was found.")
    instance_id: str | None
    task_id: str | None = Field(description="The open task of sorting it, where the caller may see one.")
    attachments: list[Enclosed]


class MailInFull(Mail):
    headers: list[tuple[str, str]] = Field(description="As they came, decoded; at most 200.")


@router.get(
    "/v1/mails", response_model=Listed[Mail], summary="List mail that came in, newest first", **asks("tasks.read")
)
def list_mails(rt: Rt, who: Who, page: PageAsked, verdict: Verdict | None = None) -> Response:
    """`?verdict=unsorted`: what fits no case, or came too late, and waits for a person.

    A mail is seen by whoever sees a case of it.
    """
    bound, process = {"verdict": verdict}, rt.settings.unsorted_process
    with rt.reading() as reading:
        after = page.after(who, bound)
        rows, last = mail_list.page(reading, who, process, verdict=verdict, after=after, limit=page.limit)
        items = [_json(rt, reading, row) for row in rows]
    return said({"items": items, "nextCursor": page.next_cursor(who, bound, last)})


@router.get("/v1/mails/{id}", response_model=MailInFull, summary="One mail", **asks("tasks.read", 404))
def read_mail_in_full(rt: Rt, who: Who, id: Id) -> Response:
    with rt.reading() as reading:
        view = mail_list.visible(reading, who, rt.settings.unsorted_process, parse_id(id))
        if view is None:
            raise NotFound
        return said({**_json(rt, reading, view), "headers": headers_of(letters.raw(reading, view.id))})


def _json(rt: Runtime, reading: Reading, view: MailView) -> dict[str, Any]:
    attachments = view.attachments
    if attachments is None:
        attachments = enclosed_in(read_again(rt, reading, view.id))
    return {
        "id": str(view.id),
        "receivedAt": to_text(view.received_at),
        "from": view.sender,
        "subject": view.subject,
        "text": view.text,
        "verdict": view.verdict,
        "method": view.method,
        "instanceId": str(view.instance_id) if view.instance_id else None,
        "taskId": str(view.task_id) if view.task_id else None,
        "attachments": enclosed_json(attachments),
    }
