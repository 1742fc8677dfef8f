"""The doors for what comes from outside: a message to one case, a signal or a change to whoever listens."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from kt_flows.api import models
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.api.values import IdempotencyKey, idempotency_key
from kt_flows.errors import FieldError, InvalidValues
from kt_flows.runtime import broadcast, correlate

router = APIRouter(route_class=Door, tags=["messages"])


@router.post(
    "/v1/messages",
    response_model=models.MessageResult,
    summary="Send a message to whoever waits for it",
    **asks("messages.send", 404, 409, 413, 415, 422),
)
def send_message(rt: Rt, who: Who, body: models.MessageGiven) -> Response:
    """By `correlation` values or by a case's `businessKey`.  Delivered, or kept until a case waits for it, or known
    already by its `messageId`."""
    if (body.correlation is None) == (body.business_key is None):
        raise InvalidValues([FieldError("correlation", "Send either correlation or businessKey.", "required")])
    if ":" in body.name:
        raise InvalidValues([FieldError("name", "A message's name has no colon.", "invalid")])
    correlated = correlate.message_arrived(
        rt,
        who,
        name=body.name,
        correlation=body.correlation,
        business_key=body.business_key,
        payload=body.payload,
        message_id=body.message_id,
    )
    ids = [str(id) for id in correlated.instance_ids]
    return said({"result": correlated.result, "instanceIds": ids})


@router.post(
    "/v1/signals",
    response_model=models.SignalResult,
    summary="Send a signal to everyone who waits for it",
    **asks("messages.send", 409, 413, 415, 422),
)
def send_signal(rt: Rt, who: Who, body: models.SignalGiven) -> Response:
    """Every case that waits for it now goes on, and every process that starts with it begins a case.  It is kept for
    nobody; the same `signalId` again changes nothing, or finishes what was cut off."""
    sent = broadcast.signal_arrived(rt, who, name=body.name, payload=body.payload, signal_id=body.signal_id)
    return said(
        {
            "result": sent.result,
            "instanceIds": [str(id) for id in sent.reached],
            "started": [str(id) for id in sent.started],
        }
    )


@router.post(
    "/v1/conditions",
    response_model=models.ConditionsResult,
    summary="Begin a case wherever a conditional start is true now",
    **asks("instances.start", 409, 413, 415, 422),
)
def change_conditions(
    request: Request,
    rt: Rt,
    who: Who,
    body: models.ConditionsGiven,
    _: IdempotencyKey = None,
) -> Response:
    """Each process takes of the variables what it declares and looks at its conditional starts; the same
    `Idempotency-Key` again begins nothing twice."""
    key = idempotency_key(request)
    caller = f"{who.name}/{key}" if key is not None else None
    started = broadcast.conditions_changed(rt, who, variables=body.variables, key=caller)
    return said({"started": [str(id) for id in started]})
