"""What callers and subscribers say never stands in a log or a metric, whatever goes wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from support.hostile import base
from support.processes import catch, chain, end, human, package, start
from support.service import running, until

CANARIES = {
    "phone": "+7 701 555 01 99",
    "iin": "990101300999",
    "card": "4111 1111 1111 1111",
    "email": "canary.person@example.org",
    "passport": "N99999999",
    "password": "C4nary-Pa55",
    "token": "ktf_live_CANARY0000000000000000",
    "address": "ул. Канарейкина, 13-99",
}
NAMES = tuple(CANARIES)


def script(id: str, text: str) -> str:
    return (
        f'<bpmn:scriptTask id="{id}" name="{id}" scriptFormat="cel" camunda:resultVariable="number">'
        f"<bpmn:script>{text}</bpmn:script></bpmn:scriptTask>"
    )


FORM = [{"type": "textfield", "key": name, "id": f"f_{name}", "label": name} for name in NAMES]
FORM[0]["validate"] = {"maxLength": 3}
BODY = (
    start()
    + human("ask", "people", form="person")
    + catch("hear", "told")
    + script("fails", "int(password) + int(phone)")
    + end()
    + chain("start", "ask", "hear", "fails", "end")
)
PROCESS = package(
    "canaries",
    BODY,
    variables={**dict.fromkeys(NAMES, "string"), "number": "int"},
    messages={"told": {"correlation": ["iin"], "payload": {"card": "string", "number": "int"}}},
    forms={"person": FORM},
)


HALF = json.dumps(CANARIES, ensure_ascii=False)[:-1].encode()


def files(folder: dict[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (name, data)) for name, data in folder.items()]


def test_no_value_stands_in_a_log_or_a_metric(tmp_path: Path) -> None:
    with running(tmp_path / "var", KT_FLOWS_LOG_LEVEL="debug") as site:
        admin, crm = site.as_("admin"), site.as_("crm")
        assert site.as_("analyst").post("/v1/deployments", files=files({**PROCESS, **base()})).status_code == 201
        said: list[httpx.Response] = [
            crm.post("/v1/instances", json={"definitionKey": "canaries", "variables": {"number": CANARIES["card"]}}),
            crm.post("/v1/instances", json={"definitionKey": CANARIES["email"], "variables": {}}),
            crm.post("/v1/instances", content=HALF, headers={"Content-Type": "application/json"}),
            crm.get("/v1/instances", params={"businessKey": CANARIES["phone"], "variable.phone": CANARIES["phone"]}),
            crm.get(f"/v1/instances/{CANARIES['passport']}"),
            httpx.get(f"{site.base_url}/v1/tasks", headers={"Authorization": f"Bearer {CANARIES['token']}"}),
            site.as_("analyst").post("/v1/deployments", files=files(base(script("s", f"'{CANARIES['card']}' + 1")))),
        ]  # fmt: skip
        assert {one.status_code for one in said} <= {200, 400, 401, 404, 422}
        started = crm.post("/v1/instances", json={"definitionKey": "canaries", "businessKey": CANARIES["iin"],
                                                  "variables": CANARIES})  # fmt: skip
        assert started.status_code == 201, started.text
        case = started.json()["id"]
        [task] = site.tasks(case)
        refused = admin.post(f"/v1/tasks/{task['id']}/complete", json={"values": CANARIES})
        assert refused.status_code == 422, "the phone is too long for the form"
        done = admin.post(f"/v1/tasks/{task['id']}/complete", json={"values": {**CANARIES, "phone": "x"}})
        assert done.status_code == 200, done.text
        for payload in ({"number": CANARIES["card"]}, {"card": CANARIES["card"]}):
            crm.post(
                "/v1/messages", json={"name": "told", "correlation": {"iin": CANARIES["iin"]}, "payload": payload}
            )
        stuck = until("the incident", lambda: _stuck(admin, case))
        assert stuck["lastError"]
        log, figures = site.log(), httpx.get(f"{site.base_url}/metrics", headers=admin.headers).text
    for name, canary in CANARIES.items():
        for where, text in (("log", log), ("metrics", figures), ("stuck job", str(stuck["lastError"]))):
            assert canary not in text, (name, where, _around(text, canary))


def _stuck(admin: httpx.Client, case: str) -> dict[str, Any] | None:
    items = admin.get("/v1/jobs", params={"state": "stuck"}).json()["items"]
    return next((one for one in items if one["instanceId"] == case), None)


def _around(text: str, canary: str) -> str:
    at = text.find(canary)
    return text[max(0, at - 300) : at + 100]
