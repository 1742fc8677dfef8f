"""Cases over REST: started once, seen by whom they concern, led by those who may."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from kt_flows.api import models
from support.api import Api, answer, problem


def test_a_start_answers_what_the_case_waits_for(api: Api) -> None:
    response = api.as_("crm").post(
        "/v1/instances",
        json={"definitionKey": "loan", "variables": {"loan_id": "L-1", "branch": "ALA"}, "businessKey": "L-1"},
    )
    case = answer(response, 201)
    assert response.headers["location"] == f"/v1/instances/{case['id']}"
    models.Instance.model_validate(case)
    assert {"id", "definitionKey", "version", "businessKey", "state", "variables", "startedAt", "endedAt"} <= set(
        case
    )
    assert (case["state"], case["version"], case["endedAt"]) == ("active", 1, None)
    assert case["startedAt"] == "2026-03-02T09:00:00Z"
    (wait,) = case["waits"]
    assert (wait["kind"], wait["elementId"], wait["dueAt"]) == ("task", "review", "2026-03-02T13:00:00Z")
    assert answer(api.as_("crm").get(f"/v1/instances/{case['id']}")) == case
    assert answer(api.as_("crm").get(f"/v1/instances/{case['id']}/waits"))["items"] == case["waits"]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"definitionKey": "loan", "variables": {}}, "invalid_values", "loan_id"),
        ({"definitionKey": "loan", "variables": {"loan_id": "1", "branch": "XXX"}}, "err_bad_branch", "branch"),
        ({"definitionKey": "loan", "variables": {"loan_id": 7, "branch": "ALA"}}, "invalid_values", "loan_id"),
        (
            {"definitionKey": "loan", "variables": {"loan_id": "1", "branch": "ALA", "__class__": 1}},
            "invalid_values",
            "__class__",
        ),
    ],
)
def test_what_the_start_form_refuses(api: Api, body: dict[str, Any], code: str, field: str) -> None:
    refused = problem(api.as_("crm").post("/v1/instances", json=body), 422, code)
    assert field in refused["errors"][0]["field"]


def test_an_unknown_process_or_version(api: Api) -> None:
    for body in ({"definitionKey": "nothing"}, {"definitionKey": "loan", "version": 99}):
        problem(api.as_("crm").post("/v1/instances", json={**body, "variables": {}}), 404, "not_found")


def test_the_same_request_is_the_same_case(api: Api) -> None:
    headers = {"Idempotency-Key": "k-1"}
    body = {"definitionKey": "loan", "variables": {"loan_id": "L-2", "branch": "ALA"}}
    first = answer(api.as_("crm").post("/v1/instances", json=body, headers=headers), 201)
    assert answer(api.as_("crm").post("/v1/instances", json=body, headers=headers), 200)["id"] == first["id"]
    other = {**body, "variables": {"loan_id": "L-3", "branch": "ALA"}}
    assert api.as_("crm").post("/v1/instances", json=other, headers=headers).status_code == 409
    # The keys are each caller's own.
    theirs = answer(api.as_("crm_2").post("/v1/instances", json=other, headers=headers), 201)
    assert theirs["id"] != first["id"]


def test_source_and_business_key_name_a_case(api: Api) -> None:
    body = {
        "definitionKey": "loan",
        "source": "siebel",
        "businessKey": "SR-1",
        "variables": {"loan_id": "L-4", "branch": "AST"},
    }
    first = answer(api.as_("crm").post("/v1/instances", json=body), 201)
    assert answer(api.as_("crm_2").post("/v1/instances", json=body), 200)["id"] == first["id"]
    body["variables"] = {"loan_id": "L-5", "branch": "AST"}
    assert api.as_("crm").post("/v1/instances", json=body).status_code == 409


@pytest.mark.parametrize("key", ["", "x" * 10_240, "два", "a b", "a\tb"])
def test_a_garbage_idempotency_key_is_400(api: Api, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    body = {"definitionKey": "loan", "variables": {"loan_id": "L-6", "branch": "ALA"}}
    problem(api.as_("crm").post("/v1/instances", json=body, headers=headers), 400, "bad_query")


def test_many_equal_starts_make_one_case(api: Api) -> None:
    body = {"definitionKey": "loan", "variables": {"loan_id": "L-7", "branch": "ALA"}}
    barrier = threading.Barrier(16)
    headers = {"Authorization": f"Bearer {api.tokens['crm']}", "Idempotency-Key": "many"}

    def one(_: int) -> httpx.Response:
        with httpx.Client(base_url=api.url, headers=headers, timeout=30) as client:
            barrier.wait()
            return client.post("/v1/instances", json=body)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(16)))
    assert Counter(one.status_code for one in answers) == {201: 1, 200: 15}
    assert len({one.json()["id"] for one in answers}) == 1


def test_who_sees_a_case(api: Api) -> None:
    case = api.reviewed("L-8", branch="ALA")
    path = f"/v1/instances/{case['id']}"
    for caller in ("admin", "crm", "crm_2", "analyst", "anna", "chief", "almaty"):
        assert api.as_(caller).get(path).status_code == 200, caller
    for part in ("", "/history", "/waits"):
        problem(api.as_("astana").get(path + part), 404, "not_found")
    ids = [item["id"] for item in answer(api.as_("astana").get("/v1/instances"))["items"]]
    assert case["id"] not in ids


def test_an_operator_sees_what_they_started(api: Api) -> None:
    case = api.start("L-9", by="astana", branch="ALA")
    assert api.as_("astana").get(f"/v1/instances/{case['id']}").status_code == 200
    assert api.as_("almaty").get(f"/v1/instances/{case['id']}").status_code == 404


@pytest.mark.parametrize(
    "id", ["nothing", "..%2f..%2fetc%2fpasswd", "0", "1bfb600a-87cc-4325-aa96-474e1fdb1554", "'%20or%201=1", "%00"]
)
def test_an_id_that_is_none_is_404(api: Api, id: str) -> None:
    for path in (f"/v1/instances/{id}", f"/v1/tasks/{id}", f"/v1/definitions/{id}"):
        problem(api.as_("admin").get(path), 404, "not_found")


def test_filters(api: Api) -> None:
    api.start("L-10", businessKey="F-1", variables={"amount": 500})
    api.start("L-11", businessKey="F-2", branch="AST")

    def found(**query: str) -> set[str | None]:
        items = answer(api.as_("crm").get("/v1/instances", params={"limit": "500", **query}))["items"]
        return {item["businessKey"] for item in items}

    assert found(businessKey="F-1") == {"F-1"}
    assert found(**{"variable.loan_id": "L-11"}) == {"F-2"}
    assert found(**{"variable.amount": "500"}) == {"F-1"}
    assert found(**{"variable.branch": "AST", "businessKey": "F-1"}) == set()
    assert "F-1" in found(definitionKey="loan", state="active", startedAfter="2026-03-01T00:00:00Z")
    assert found(startedAfter="2026-03-02T14:00:00+05:00") == set()
    assert found(definitionKey="x' or '1'='1") == set()
    assert found(state="completed") == set()


@pytest.mark.parametrize(
    "query",
    [
        "state=lost",
        "startedAfter=yesterday",
        "startedAfter=2026-03-01T00:00:00",
        "variable.amount)::int;select pg_sleep(5)--=1",
        "variable.=1",
        "var.amount=1",
        "cursor=garbage",
        "limit=501",
        "limit=0",
        "sort=startedAt",
        "&".join(f"variable.a{n}=1" for n in range(6)),
    ],
)
def test_bad_filters_are_400(api: Api, query: str) -> None:
    problem(api.as_("crm").get(f"/v1/instances?{query}"), 400, "bad_query")


def test_pages_hold_everything_once(api: Api) -> None:
    for number in range(5):
        api.start(f"P-{number}", businessKey=f"P-{number}", variables={"amount": 777})
    seen, cursor = [], None
    while True:
        query = {"limit": 2, "variable.amount": "777"} | ({"cursor": cursor} if cursor else {})
        page = answer(api.as_("crm").get("/v1/instances", params=query))
        assert len(page["items"]) <= 2
        seen += [item["businessKey"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
        kept = cursor
    assert seen == [f"P-{number}" for number in reversed(range(5))]
    # Another's cursor, and one of another filter, are none.
    other = {"limit": 2, "variable.amount": "777", "cursor": kept}
    problem(api.as_("crm_2").get("/v1/instances", params=other), 400, "bad_query")
    problem(api.as_("crm").get("/v1/instances", params={"limit": 2, "cursor": kept}), 400, "bad_query")


def test_history_says_who_when_and_where(api: Api) -> None:
    case = api.reviewed("H-1")
    history = answer(api.as_("crm").get(f"/v1/instances/{case['id']}/history"))
    for item in history["items"]:
        models.HistoryLine.model_validate(item)
    lines = [(item["kind"], item["elementId"], item["actor"]) for item in history["items"]]
    assert lines[0] == ("started", None, "crm")
    assert ("completed", "review", "anna") in lines
    first = answer(api.as_("crm").get(f"/v1/instances/{case['id']}/history", params={"limit": 2}))
    rest = answer(
        api.as_("crm").get(
            f"/v1/instances/{case['id']}/history", params={"limit": 500, "cursor": first["nextCursor"]}
        )
    )
    assert [*first["items"], *rest["items"]] == history["items"]


def test_suspend_resume_cancel(api: Api) -> None:
    case = api.start("O-1")
    path, task = f"/v1/instances/{case['id']}", api.task(case)
    assert answer(api.as_("chief").post(f"{path}/suspend"))["state"] == "suspended"
    complete = {"values": {"decision": "approve"}}
    assert api.as_("anna").post(f"/v1/tasks/{task}/complete", json=complete).status_code == 409
    assert api.as_("chief").post(f"{path}/suspend", json={}).status_code == 409
    assert answer(api.as_("chief").post(f"{path}/resume", json={"reason": "хватит"}))["state"] == "active"
    problem(api.as_("chief").post(f"{path}/cancel", json={}), 422, "invalid_values")
    problem(api.as_("chief").post(f"{path}/cancel"), 422, "invalid_values")
    over = answer(api.as_("chief").post(f"{path}/cancel", json={"reason": "дубль"}))
    assert (over["state"], over["waits"], over["endedAt"]) == ("cancelled", [], "2026-03-02T09:00:00Z")
    assert api.as_("chief").post(f"{path}/cancel", json={"reason": "дубль"}).status_code == 409
    assert api.as_("anna").post(f"/v1/tasks/{task}/complete", json=complete).status_code == 409
    for caller, status in (("crm", 403), ("anna", 403), ("analyst", 403)):
        assert api.as_(caller).post(f"{path}/cancel", json={"reason": "x"}).status_code == status


def test_migrate_answers_as_it_can(api: Api) -> None:
    case = api.start("O-migrate")
    path = f"/v1/instances/{case['id']}/migrate"
    assert answer(api.as_("chief").post(path, json={"version": 1, "dryRun": True}))["version"] == 1
    problem(api.as_("chief").post(path, json={"version": 99}), 404, "not_found")
    problem(api.as_("chief").post(path, json={"version": "two"}), 422, "invalid_values")
