"""The one door for messages from outside: the answer says what became of it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from kt_flows.api import models
from kt_flows.api.deps import Rt, Who, asks, said
from kt_flows.api.door import Door
from kt_flows.errors import FieldError, InvalidValues
from kt_flows.runtime import correlate

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
