"""Health, figures, descriptions, stuck jobs, notices."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from kt_flows.api import models
from kt_flows.api.ops import almaty_is_plus_five
from kt_flows.api.supervision_models import JobInFull
from kt_flows.store import jobs, notices
from support.api import Api, answer, problem


def stuck_job(api: Api, kind: str = "siebel.upsert_sr") -> str:
    """A case's outside call that has given up."""
    case = api.start(f"J-{kind}")
    now = api.clock.now()
    row = {
        "key": f"{case['id']}:{kind}",
        "kind": kind,
        "instance_id": case["id"],
        "element_id": "create_sr",
        "payload": {},
        "run_at": now,
        "state": "stuck",
        "last_error": "siebel.rejected",
    }
    with api.runtime.transaction() as tx:
        jobs.add(tx, [row], now)
    return str(case["id"])


def test_health(api: Api) -> None:
    assert answer(api.as_("crm").get("/health/live")) == {"status": "ok"}
    assert answer(api.as_("crm").get("/health/ready")) == {"status": "ok"}
    api.health.checks = {"database": lambda: "does not answer"}
    unwell = api.as_("crm").get("/health/ready")
    assert (unwell.status_code, unwell.json()["faults"]) == (503, {"database": "does not answer"})
    api.health.checks = {}
    api.health.stopping = True
    assert api.as_("crm").get("/health/ready").status_code == 503
    assert api.as_("crm").get("/health/live").status_code == 200
    api.health.stopping = False


def test_almaty() -> None:
    assert almaty_is_plus_five() is None


def test_figures(api: Api) -> None:
    api.start("G-1")
    text = api.as_("crm").get("/metrics").text
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(figures["kt_flows_open_tasks"]) >= 1
    assert float(figures['kt_flows_instances{state="active"}']) >= 1
    assert {'kt_flows_jobs{state="stuck"}', "kt_flows_oldest_due_job_seconds", "kt_flows_unsorted_mail"} <= set(
        figures
    )


def test_stuck_jobs_are_seen_and_tried_again(api: Api) -> None:
    id = stuck_job(api)
    items = answer(api.as_("chief").get("/v1/jobs", params={"state": "stuck", "instanceId": id}))["items"]
    (job,) = items
    models.Job.model_validate(job)
    assert (job["kind"], job["elementId"], job["lastError"]) == ("siebel.upsert_sr", "create_sr", "siebel.rejected")
    case = answer(api.as_("crm").get(f"/v1/instances/{id}"))
    assert case["state"] == "stuck"
    assert [wait["topic"] for wait in case["waits"] if wait["kind"] == "job"] == ["siebel.upsert_sr"]
    found = answer(api.as_("crm").get("/v1/instances", params={"state": "stuck", "limit": 500}))["items"]
    assert id in [one["id"] for one in found]
    tried = answer(api.as_("chief").post(f"/v1/jobs/{job['id']}/retry"))
    assert (tried["state"], tried["attempt"]) == ("available", 0)
    assert api.as_("chief").post(f"/v1/jobs/{job['id']}/retry").status_code == 409
    assert answer(api.as_("crm").get(f"/v1/instances/{id}"))["state"] == "active"
    problem(api.as_("anna").post(f"/v1/jobs/{job['id']}/retry"), 403, "forbidden")
    problem(api.as_("chief").get("/v1/jobs?state=lost"), 400, "bad_query")


def test_another_groups_stuck_job_does_not_exist(api: Api) -> None:
    id = stuck_job(api, "billing.grant_month")
    (job,) = answer(api.as_("admin").get("/v1/jobs", params={"state": "stuck", "instanceId": id}))["items"]
    assert answer(api.as_("far_chief").get("/v1/jobs", params={"state": "stuck"}))["items"] == []
    for action in ("retry", "cancel"):
        problem(api.as_("far_chief").post(f"/v1/jobs/{job['id']}/{action}"), 404, "not_found")
    assert answer(api.as_("admin").post(f"/v1/jobs/{job['id']}/cancel"))["state"] == "cancelled"


def test_a_stuck_job_is_given_up(api: Api) -> None:
    id = stuck_job(api, "line.test")
    (job,) = answer(api.as_("admin").get("/v1/jobs", params={"state": "stuck", "instanceId": id}))["items"]
    assert (
        answer(api.as_("admin").post(f"/v1/jobs/{job['id']}/cancel", json={"reason": "вручную"}))["state"]
        == "cancelled"
    )
    assert api.as_("admin").post(f"/v1/jobs/{job['id']}/cancel").status_code == 409


def test_notices_are_shown_to_their_groups(api: Api) -> None:
    now = api.clock.now()
    with api.runtime.transaction() as tx:
        for key, groups, age in (("outage-1", ["operator_160"], 0), ("outage-2", ["branch_specialist:ALA"], 5)):
            at = now - timedelta(minutes=age)
            notices.publish(tx, key=key, text="Авария на узле", groups=groups, instance_id=None, now=at)

    def keys(caller: str) -> list[str]:
        items = answer(api.as_(caller).get("/v1/notices"))["items"]
        for item in items:
            models.Notice.model_validate(item)
        return [item["key"] for item in items]

    assert (keys("anna"), keys("almaty"), keys("astana")) == (["outage-1"], ["outage-2"], [])
    assert keys("admin") == ["outage-1", "outage-2"]


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi-3.0.json", "/swagger-2.0.json", "/docs"])
def test_descriptions_ask_for_a_token_outside_the_sandbox(api: Api, path: str) -> None:
    described = api.as_("crm").get(path)
    assert described.status_code == 200
    stranger = api.as_("crm").get(path, headers={"Authorization": ""})
    problem(stranger, 401, "unauthenticated")


def test_the_page_fetches_nothing(api: Api) -> None:
    page = api.as_("crm").get("/docs")
    assert "/v1/tasks/{id}/complete" in page.text
    for word in ("<script", "http://", "https://", "src="):
        assert word not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_old_dialects_are_clean(api: Api) -> None:
    """What Siebel's importer does not know is not in there; every reference leads somewhere."""
    newest = answer(api.as_("crm").get("/openapi.json"))
    old = answer(api.as_("crm").get("/openapi-3.0.json"))
    oldest = answer(api.as_("crm").get("/swagger-2.0.json"))
    assert (newest["openapi"], old["openapi"], oldest["swagger"]) == ("3.1.0", "3.0.3", "2.0")
    for word in (b'"type":"null"', b'"const":', b'"prefixItems"', b'"x-body-bytes"'):
        assert word not in orjson.dumps(old)
        assert word not in orjson.dumps(oldest)
    for word in (b'"anyOf"', b'"oneOf"', b'"nullable"', b'"components"', b'"requestBody"', b'"content"'):
        assert word not in orjson.dumps(oldest)
    ids = [
        operation["operationId"]
        for item in newest["paths"].values()
        for method, operation in item.items()
        if method in ("get", "post", "put")
    ]
    assert len(ids) == len(set(ids))
    assert all(id.isascii() and id.isalnum() for id in ids)
    for document, home in ((newest, "components"), (old, "components"), (oldest, "definitions")):
        known = document[home]["schemas"] if home == "components" else document[home]
        for reference in _references(document):
            assert reference.rpartition("/")[2] in known, reference
    for item in newest["paths"].values():
        for operation in item.values():
            assert {"400", "429", "503"} <= set(operation["responses"])
            assert "HTTPValidationError" not in str(operation)


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [reference for part in value.values() for reference in _references(part)]
    if isinstance(value, list):
        return [reference for part in value for reference in _references(part)]
    return []


def test_a_stuck_job_is_put_right_or_gone_without(api: Api) -> None:
    id = stuck_job(api)
    chief = api.as_("chief")
    (job,) = answer(chief.get("/v1/jobs", params={"state": "stuck", "instanceId": id}))["items"]
    full = answer(chief.get(f"/v1/jobs/{job['id']}"))
    JobInFull.model_validate(full)
    assert {name: full[name] for name in job} == job
    assert full["definitionKey"] == "loan"
    problem(api.as_("far_chief").get(f"/v1/jobs/{job['id']}"), 404, "not_found")
    path = f"/v1/jobs/{job['id']}"
    problem(chief.post(f"{path}/skip", json={"reason": " "}), 422, "invalid_values")
    problem(chief.post(f"{path}/skip", json={}), 422, "invalid_values")
    problem(chief.post(f"{path}/retry", json={"variables": []}), 422, "invalid_values")
    problem(chief.post(f"{path}/retry", json={"values": {}}), 422, "invalid_values")
    problem(api.as_("anna").post(f"{path}/skip", json={"reason": "?"}), 403, "forbidden")
    problem(api.as_("far_chief").post(f"{path}/skip", json={"reason": "?"}), 404, "not_found")
