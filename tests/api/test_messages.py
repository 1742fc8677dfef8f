"""Messages over REST: what became of each is said."""

from __future__ import annotations

from typing import Any

import pytest

from kt_flows.api import models
from support.api import Api, answer, problem


def waiting(api: Api, loan_id: str) -> dict[str, Any]:
    """A case that waits for msg_confirmed."""
    case = api.reviewed(loan_id)
    return dict(answer(api.as_("almaty").post(f"/v1/tasks/{api.task(case)}/complete", json={"values": {}})))


def confirm(loan_id: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "msg_confirmed",
        "correlation": {"loan_id": loan_id},
        "payload": {"confirmed_by": "касса"},
        **more,
    }


def test_delivered_to_the_case_that_waits(api: Api) -> None:
    case = waiting(api, "M-1")
    told = answer(api.as_("crm").post("/v1/messages", json=confirm("M-1", messageId="m-1")))
    models.MessageResult.model_validate(told)
    assert told == {"result": "delivered", "instanceIds": [case["id"]]}
    after = answer(api.as_("crm").get(f"/v1/instances/{case['id']}"))
    assert (after["state"], after["waits"], after["variables"]["confirmed_by"]) == ("completed", [], "касса")
    again = answer(api.as_("crm").post("/v1/messages", json=confirm("M-1", messageId="m-1")))
    assert again == {"result": "duplicate", "instanceIds": [case["id"]]}


def test_kept_until_a_case_waits(api: Api) -> None:
    assert answer(api.as_("crm").post("/v1/messages", json=confirm("M-2")))["result"] == "buffered"
    assert waiting(api, "M-2")["state"] == "completed"


def test_by_business_key(api: Api) -> None:
    case = api.start("M-3", businessKey="SR-3")
    for caller in ("anna", "almaty"):
        task = api.task(case)
        body = {"values": {"decision": "approve"} if caller == "anna" else {}}
        case = answer(api.as_(caller).post(f"/v1/tasks/{task}/complete", json=body))
    body = {"name": "msg_confirmed", "businessKey": "SR-3", "payload": {"confirmed_by": "x"}}
    assert answer(api.as_("crm").post("/v1/messages", json=body))["instanceIds"] == [case["id"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "msg_confirmed"}, "correlation"),
        ({"name": "msg_confirmed", "correlation": {}}, "correlation"),
        ({"name": "msg_confirmed", "correlation": {"loan_id": "1"}, "businessKey": "x"}, "correlation"),
        ({"name": "msg_confirmed", "correlation": {"loan_id": ["1"]}}, "correlation"),
        ({"name": "", "businessKey": "x"}, "name"),
        ({"name": "msg_confirmed", "businessKey": "x", "payload": []}, "payload"),
        ({"name": "msg_confirmed", "businessKey": "x", "messageid": "1"}, "messageid"),
    ],
)
def test_a_message_of_another_shape(api: Api, body: dict[str, Any], field: str) -> None:
    refused = problem(api.as_("crm").post("/v1/messages", json=body), 422, "invalid_values")
    assert refused["errors"][0]["field"].startswith(field)


def test_a_payload_of_another_type_is_refused_and_an_undeclared_name_goes_nowhere(api: Api) -> None:
    case = waiting(api, "M-4")
    path = f"/v1/instances/{case['id']}"
    refused = api.as_("crm").post("/v1/messages", json=confirm("M-4", payload={"confirmed_by": 7}, messageId="m-4"))
    assert problem(refused, 422, "invalid_values")["errors"][0]["field"] == "payload.confirmed_by"
    assert answer(api.as_("crm").get(path))["state"] == "active"
    payload = {"confirmed_by": "x", "decision": "reject", "__class__": 1}
    mended = confirm("M-4", payload=payload, messageId="m-4")
    assert answer(api.as_("crm").post("/v1/messages", json=mended))["result"] == "delivered"
    after = answer(api.as_("crm").get(path))
    assert (after["state"], after["variables"]["decision"]) == ("completed", "approve")
    assert "__class__" not in after["variables"]
