"""A case, looked at: its diagrams, where it stands, how it was, what was written and said."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from kt_flows.api import models, shapes
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.enclosed import Enclosed, enclosed_in, enclosed_json, read_again
from kt_flows.api.instances import visible
from kt_flows.api.models import Told
from kt_flows.api.problems import BadQuery
from kt_flows.api.values import Id, Moment, moment
from kt_flows.clock import to_text
from kt_flows.engine import machine
from kt_flows.errors import FieldError
from kt_flows.runtime import replay
from kt_flows.runtime.context import Runtime
from kt_flows.store import comments, definitions, history, letters, standing, waits
from kt_flows.store.db import Reading
from kt_flows.store.instances import InstanceView
from kt_flows.store.letters import LetterView

router = APIRouter(route_class=Door, tags=["instances"])


class BoundDefinition(Told):
    id: str
    key: str
    version: int
    name: str
    root: bool = Field(description="Whether it is the case's own process, and not one that it calls.")
    touched: bool = Field(description="Whether anything has happened in it.")


class BoundDefinitions(Told):
    items: list[BoundDefinition]


class Place(Told):
    element_id: str
    definition_key: str
    kind: Literal["task", "timer", "message", "signal", "job", "incident", "condition", "inside", "standing"]
    since: datetime | None = Field(description="Null for an event that only watches, or where nobody has kept it.")
    watches: str | None = Field(default=None, description="For an event at an edge: what it is open for.")
    due_at: datetime | None = None
    task_id: str | None = None
    job_id: str | None = None
    name: str | None = None
    state: str | None = None
    assignee: str | None = None
    groups: list[str] | None = None
    correlation: dict[str, Any] | None = None
    topic: str | None = None
    error: str | None = None


class Places(Told):
    items: list[Place]


class Stood(Told):
    element_id: str
    definition_key: str
    since: datetime


class Then(Told):
    at: datetime
    state: models.InstanceState
    variables: models.Variables | None = Field(
        description="Null where they are not known: releases before this one did not write them into the history."
    )
    tokens: list[Stood] | None = Field(description="Without events that only watch; null as the variables.")


class Letter(Told):
    id: str
    direction: Literal["in", "out"]
    at: datetime
    from_: str = Field(alias="from")
    to: list[str]
    subject: str | None = Field(description="Null in mails of releases that did not keep it, as the text.")
    text: str | None
    element_id: str | None
    state: Literal["queued", "sent", "stuck", "cancelled", "received"]
    verdict: str | None = Field(
        description="Of one that came: answer, automatic, bounce, late, attached, unsorted, …"
    )
    attachments: list[Enclosed]


class Letters(Told):
    items: list[Letter]


class CommentOfTask(models.Comment):
    task_id: str
    task_name: str


class Comments(Told):
    items: list[CommentOfTask]


@router.get(
    "/v1/instances/{id}/definitions",
    response_model=BoundDefinitions,
    summary="The versions of processes that a case runs by",
    **asks("instances.read", 404),
)
def list_bound_definitions(rt: Rt, who: Who, id: Id) -> Response:
    """Its own process first, then those that it calls."""
    with rt.reading() as reading:
        view = visible(reading, who, id)
        bound = definitions.of_case(reading, view.id)
        touched = history.touched(reading, view.id)
    items = [
        {
            "id": str(one.id),
            "key": one.key,
            "version": one.version,
            "name": one.name,
            "root": one.key == view.definition_key,
            "touched": one.key in touched,
        }
        for one in bound
    ]
    return said({"items": items})


@router.get(
    "/v1/instances/{id}/tokens",
    response_model=Places,
    summary="Where a case stands, in called processes too",
    **asks("instances.read", 404),
)
def list_tokens(rt: Rt, who: Who, id: Id) -> Response:
    """Each token with what it waits for; events that are open beside an activity, such as its deadline, with what
    they watch."""
    with rt.reading() as reading:
        return said({"items": _places(rt, reading, visible(reading, who, id))})


def _places(rt: Runtime, reading: Reading, view: InstanceView) -> list[dict[str, Any]]:
    case = standing.of_case(reading, view.id)
    if case is None:
        return []
    program = rt.programs.linked(reading, case.bundle_id, case.definition_key)
    rows = waits.by_number(reading, view.id)
    came, came_before = history.since(reading, view.id)
    items = []
    for place in machine.places(program, case.snapshot, now=rt.clock.now()):
        item: dict[str, Any] = shapes.wait_json(rows[place.wait]) if place.wait in rows else {}
        since = came.get(place.wait) or came_before.get((place.process_key, place.element_id))
        item |= {
            "elementId": place.element_id,
            "definitionKey": place.process_key,
            "kind": place.kind,
            "since": to_text(since) if since is not None and place.watches is None else None,
        }
        items.append(item | ({"watches": place.watches} if place.watches is not None else {}))
    return items


@router.get(
    "/v1/instances/{id}/then",
    response_model=Then,
    summary="A case as it was",
    **asks("instances.read", 404),
)
def read_then(rt: Rt, who: Who, id: Id, at: Moment) -> Response:
    """After everything that had happened by `at`, that moment included; its history is played again up to there."""
    asked = moment(at)
    assert asked is not None
    with rt.reading() as reading:
        view = visible(reading, who, id)
        if asked < view.started_at:
            raise BadQuery([FieldError("at", f"The case began at {to_text(view.started_at)}.", "too_early")])
        then = replay.replay(history.up_to(reading, view.id, asked))
    if view.ended_at is not None and view.ended_at <= asked:
        then = replay.Then(view.variables, (), view.state)
    tokens = then.tokens
    answer = {
        "at": to_text(asked),
        "state": then.state,
        "variables": then.variables,
        "tokens": None if tokens is None else [_stood_json(one) for one in tokens],
    }
    return said(answer)


def _stood_json(one: replay.Stood) -> dict[str, Any]:
    return {"elementId": one.element_id, "definitionKey": one.definition_key, "since": to_text(one.since)}


@router.get(
    "/v1/instances/{id}/correspondence",
    response_model=Letters,
    summary="The mails of a case, oldest first",
    **asks("instances.read", 404),
)
def list_correspondence(rt: Rt, who: Who, id: Id) -> Response:
    """What it has sent, or is about to send, and what has come for it; of attachments only what they are."""
    with rt.reading() as reading:
        view = visible(reading, who, id)
        found = letters.of_case(reading, view.id, _mail_of(view))
        items = [_letter_json(rt, reading, one) for one in found]
    return said({"items": items})


def _mail_of(view: InstanceView) -> UUID | None:
    """The mail that a case of unsorted mail is about: the service starts it under the mail's id."""
    try:
        return UUID(str(view.business_key)) if view.source == "mail" else None
    except ValueError:
        return None


def _letter_json(rt: Runtime, reading: Reading, view: LetterView) -> dict[str, Any]:
    to, attachments = view.to, view.attachments
    if to is None or attachments is None:  # taken in by a release that kept only the mail itself
        mail = read_again(rt, reading, UUID(view.id))
        to, attachments = mail.recipients, enclosed_in(mail)
    return {
        "id": view.id,
        "direction": view.direction,
        "at": to_text(view.at),
        "from": rt.settings.mail_from if view.sender is None else view.sender,
        "to": list(to),
        "subject": view.subject,
        "text": view.text,
        "elementId": view.element_id,
        "state": view.state,
        "verdict": view.verdict,
        "attachments": enclosed_json(attachments),
    }


@router.get(
    "/v1/instances/{id}/comments",
    response_model=Comments,
    summary="What was said about a case's tasks, oldest first",
    **asks("instances.read", 404),
)
def list_case_comments(rt: Rt, who: Who, id: Id) -> Response:
    """Of the tasks that the caller may see."""
    with rt.reading() as reading:
        found = comments.of_case(reading, who, visible(reading, who, id).id)
    items = [
        {
            "id": str(one.id),
            "at": to_text(one.at),
            "actor": one.actor,
            "text": one.text,
            "taskId": str(one.task_id),
            "taskName": one.task_name,
        }
        for one in found
    ]
    return said({"items": items})
