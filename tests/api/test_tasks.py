"""Tasks over REST: whose they are, taken by one, done once."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from kt_flows.api import models
from support.api import Api, answer, problem

APPROVE = {"values": {"decision": "approve"}}


def test_a_task_has_all_that_an_operator_needs(api: Api) -> None:
    case = api.start("T-1", businessKey="B-1", variables={"amount": 5000})
    task = answer(api.as_("anna").get(f"/v1/tasks/{api.task(case)}"))
    models.Task.model_validate(task)
    assert task["instanceId"] == case["id"]
    assert (task["definitionKey"], task["elementId"], task["name"]) == ("loan", "review", "Рассмотреть заявку")
    assert (task["groups"], task["assignee"], task["state"]) == (["operator_160"], None, "open")
    assert (task["priority"], task["businessKey"], task["draft"]) == (80, "B-1", None)
    assert (task["createdAt"], task["dueAt"]) == ("2026-03-02T09:00:00Z", "2026-03-02T13:00:00Z")
    assert task["variables"]["amount"] == 5000


def test_the_form_is_the_very_file(api: Api) -> None:
    case = api.start("T-2")
    form = answer(api.as_("anna").get(f"/v1/tasks/{api.task(case)}/form"))
    assert (form["id"], form["components"][0]["key"]) == ("review", "decision")
    branch = api.reviewed("T-3")
    problem(api.as_("almaty").get(f"/v1/tasks/{api.task(branch)}/form"), 404, "not_found")


def test_claim_release_assign(api: Api) -> None:
    path = f"/v1/tasks/{api.task(api.start('T-4'))}"
    assert answer(api.as_("anna").post(f"{path}/claim"))["assignee"] == "anna"
    assert answer(api.as_("anna").post(f"{path}/claim", json={}))["state"] == "claimed"
    assert api.as_("boris").post(f"{path}/claim").status_code == 409
    assert api.as_("boris").post(f"{path}/complete", json=APPROVE).status_code == 409
    assert api.as_("boris").post(f"{path}/release").status_code == 409
    problem(api.as_("anna").post(f"{path}/assign", json={"assignee": "boris"}), 403, "forbidden")
    assert answer(api.as_("chief").post(f"{path}/assign", json={"assignee": "boris"}))["assignee"] == "boris"
    assert api.as_("anna").post(f"{path}/complete", json=APPROVE).status_code == 409
    assert answer(api.as_("boris").post(f"{path}/release"))["assignee"] is None
    assert answer(api.as_("anna").post(f"{path}/complete", json=APPROVE))["waits"][0]["elementId"] == "branch_check"


def test_complete_answers_the_case_and_is_done_once(api: Api) -> None:
    case = api.start("T-5")
    path = f"/v1/tasks/{api.task(case)}"
    body = {"values": {"decision": "reject", "reason": "нет документов"}}
    after = answer(api.as_("anna").post(f"{path}/complete", json=body))
    models.Instance.model_validate(after)
    assert after["variables"]["decision"] == "reject"
    assert [(wait["kind"], wait["elementId"]) for wait in after["waits"]] == [("task", "branch_check")]
    assert after["waits"][0]["groups"] == ["branch_specialist:ALA"]
    assert api.as_("anna").post(f"{path}/complete", json=body).status_code == 409
    done = answer(api.as_("anna").get(path))
    assert (done["state"], done["completedBy"]) == ("completed", "anna")
    last = answer(api.as_("almaty").post(f"/v1/tasks/{api.task(after)}/complete", json={}))
    kinds = {wait["kind"]: wait for wait in last["waits"]}
    assert set(kinds) == {"message", "timer"}
    assert kinds["message"]["correlation"] == {"loan_id": "T-5"}
    assert kinds["timer"]["dueAt"] == "2026-03-05T09:00:00Z"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "decision"),
        ({"decision": "maybe"}, "decision"),
        ({"decision": ["approve"]}, "decision"),
        ({"decision": None}, "decision"),
        ({"decision": "approve", "reason": 7}, "reason"),
        ({"decision": "approve", "reason": "x" * 501}, "reason"),
        ({"decision": "approve", "approved": True}, "approved"),
        ({"decision": "approve", "amount": 1}, "amount"),
        ({"decision": "${execution.setVariable('a', 1)}"}, "decision"),
    ],
)
def test_what_the_form_refuses_leaves_the_task_open(api: Api, values: dict[str, Any], field: str) -> None:
    case = api.start("T-6")
    path = f"/v1/tasks/{api.task(case)}"
    refused = problem(api.as_("anna").post(f"{path}/complete", json={"values": values}), 422, "invalid_values")
    assert field in refused["errors"][0]["field"]
    assert answer(api.as_("anna").get(path))["state"] == "open"
    assert answer(api.as_("crm").get(f"/v1/instances/{case['id']}"))["variables"] == case["variables"]


def test_an_expression_in_a_text_stays_a_text(api: Api) -> None:
    case = api.start("T-7")
    reason = "__import__('os').system('id') ${1+1} = approved := true"
    body = {"values": {"decision": "approve", "reason": reason}}
    after = answer(api.as_("anna").post(f"/v1/tasks/{api.task(case)}/complete", json=body))
    assert after["variables"]["reason"] == reason


@pytest.mark.acceptance("70")
def test_another_groups_task(api: Api) -> None:
    """Of a branch not even its existence is known; of a shared group it may be, but it is not theirs to do."""
    branch = f"/v1/tasks/{api.task(api.reviewed('T-8', branch='ALA'))}"
    for caller in ("astana", "anna", "chief"):
        for method, path in (("GET", ""), ("GET", "/form"), ("GET", "/comments")):
            problem(api.as_(caller).request(method, branch + path), 404, "not_found")
        for action in ("claim", "release", "complete", "comments"):
            body = {"text": "x"} if action == "comments" else {}
            problem(api.as_(caller).post(f"{branch}/{action}", json=body), 404, "not_found")
        problem(api.as_(caller).put(f"{branch}/draft", json={"values": {}}), 404, "not_found")
    shared = f"/v1/tasks/{api.task(api.start('T-9'))}"
    problem(api.as_("astana").get(shared), 404, "not_found")
    assert api.as_("astana").post(f"{shared}/complete", json=APPROVE).status_code in (403, 404)
    assert answer(api.as_("anna").get(shared))["state"] == "open"
    mine = {item["id"] for item in answer(api.as_("astana").get("/v1/tasks", params={"limit": 500}))["items"]}
    assert not mine & {branch.rpartition("/")[2], shared.rpartition("/")[2]}


def test_a_draft_is_kept_and_goes_with_completion(api: Api) -> None:
    path = f"/v1/tasks/{api.task(api.start('T-10'))}"
    draft = {"values": {"reason": "начал писать", "anything": [1, 2]}}
    assert answer(api.as_("anna").put(f"{path}/draft", json=draft))["draft"] == draft["values"]
    assert answer(api.as_("anna").get(path))["draft"] == draft["values"]
    answer(api.as_("anna").post(f"{path}/complete", json=APPROVE))
    assert answer(api.as_("anna").get(path))["draft"] is None
    assert api.as_("anna").put(f"{path}/draft", json=draft).status_code == 409


def test_comments(api: Api) -> None:
    path = f"/v1/tasks/{api.task(api.start('T-11'))}/comments"
    models.Comment.model_validate(
        answer(api.as_("anna").post(path, json={"text": " Перезвонить <b>завтра</b> "}), 201)
    )
    answer(api.as_("chief").post(path, json={"text": "Хорошо"}), 201)
    items = answer(api.as_("boris").get(path))["items"]
    assert [(item["actor"], item["text"]) for item in items] == [
        ("anna", "Перезвонить <b>завтра</b>"),
        ("chief", "Хорошо"),
    ]
    problem(api.as_("anna").post(path, json={"text": "  "}), 422, "invalid_values")


def test_next_gives_the_most_urgent_and_each_one_once(api: Api) -> None:
    for _ in range(200):
        if api.as_("almaty").post("/v1/tasks/next", json={}).status_code == 204:
            break
    wanted = {api.task(api.reviewed(f"N-{number}")) for number in range(6)}
    barrier = threading.Barrier(8)
    headers = {"Authorization": f"Bearer {api.tokens['almaty']}"}

    def one(_: int) -> httpx.Response:
        with httpx.Client(base_url=api.url, headers=headers, timeout=30) as client:
            barrier.wait()
            return client.post("/v1/tasks/next")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    got = [one.json()["id"] for one in answers if one.status_code == 200]
    assert Counter(one.status_code for one in answers) == {200: 6, 204: 2}
    assert sorted(got) == sorted(wanted)
    # Somebody else's group is not asked for, whatever the body says.
    api.reviewed("N-9", branch="AST")
    assert api.as_("almaty").post("/v1/tasks/next", json={"groups": ["branch_specialist:AST"]}).status_code == 204
    assert answer(api.as_("astana").post("/v1/tasks/next"))["assignee"] == "astana"


def test_one_of_many_completions_wins(api: Api) -> None:
    task = api.task(api.start("T-12"))
    barrier = threading.Barrier(16)

    def one(number: int) -> int:
        token = api.tokens["anna" if number % 2 else "boris"]
        with httpx.Client(base_url=api.url, headers={"Authorization": f"Bearer {token}"}, timeout=30) as client:
            barrier.wait()
            body = {"values": {"decision": "approve", "reason": str(number)}}
            return client.post(f"/v1/tasks/{task}/complete", json=body).status_code

    with ThreadPoolExecutor(16) as pool:
        assert Counter(pool.map(one, range(16))) == {200: 1, 409: 15}


def test_lists_sort_filter_and_page(api: Api) -> None:
    for number, amount in enumerate((5, 5000, 6)):
        api.start(f"S-{number}", businessKey=f"S-{number}", variables={"amount": amount, "branch": "AST"})

    def keys(**query: str) -> list[str]:
        items = answer(api.as_("anna").get("/v1/tasks", params={"limit": "500", **query}))["items"]
        for item in items:
            models.Task.model_validate(item)
        return [item["businessKey"] for item in items if (item["businessKey"] or "").startswith("S-")]

    assert keys() == ["S-1", "S-0", "S-2"]
    assert keys(sort="priority,-createdAt") == ["S-2", "S-0", "S-1"] or keys(sort="priority,-createdAt")[-1] == "S-1"
    assert keys(businessKey="S-2") == ["S-2"]
    assert keys(q="s-1") == ["S-1"]
    assert keys(q="%_%") == []
    assert keys(q="' or '1'='1") == []
    assert keys(group="operator_160", elementId="review", definitionKey="loan", state="open") == ["S-1", "S-0", "S-2"]
    assert keys(group="branch_specialist:AST") == []
    assert keys(dueBefore="2026-03-02T13:00:00Z") == []
    assert keys(dueBefore="2026-03-02T18:00:01+05:00") == ["S-1", "S-0", "S-2"]
    assert keys(assignee="anna") == []

    for sort in ("dueAt,-priority,createdAt", "-createdAt", "name,priority"):
        seen: list[str] = []
        cursor = None
        whole = answer(api.as_("anna").get("/v1/tasks", params={"limit": 500, "sort": sort}))["items"]
        while True:
            query = {"limit": 3, "sort": sort} | ({"cursor": cursor} if cursor else {})
            page = answer(api.as_("anna").get("/v1/tasks", params=query))
            seen += [item["id"] for item in page["items"]]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        assert seen == [item["id"] for item in whole]


@pytest.mark.parametrize(
    "query",
    [
        "sort=created;drop table inst--",
        "sort=(case when (select 1)=1 then id else name end)",
        "sort=dueAt,dueAt",
        "sort=",
        "state=done",
        "dueBefore=tomorrow",
        "name=x",
        "offset=9223372036854775808",
        "limit=100000000",
        "limit=1&limit=2",
        "cursor=AAAA",
    ],
)
def test_bad_list_parameters_are_400(api: Api, query: str) -> None:
    problem(api.as_("anna").get(f"/v1/tasks?{query}"), 400, "bad_query")


@pytest.mark.parametrize("name", ["duplicate_keys", "invalid_utf8", "lone_surrogate_nul", "nan_infinity", "utf16"])
def test_the_attack_bodies_change_nothing(api: Api, name: str, attacks: Any) -> None:
    case = api.start("A-1")
    path = f"/v1/tasks/{api.task(case)}"
    raw = (attacks / f"{name}.json").read_bytes()
    for body in (raw, b'{"values": ' + raw + b"}"):
        refused = api.as_("anna").post(f"{path}/complete", content=body, headers={"Content-Type": "application/json"})
        assert refused.status_code in (400, 422), refused.text
        assert refused.headers["content-type"] == "application/problem+json"
    assert answer(api.as_("anna").get(path))["state"] == "open"


@pytest.mark.parametrize("name", ["expression_smuggling", "reserved_names", "wrong_types"])
def test_attack_values_are_refused_by_field(api: Api, name: str, attacks: Any) -> None:
    path = f"/v1/tasks/{api.task(api.start('A-2'))}"
    values = json.loads((attacks / f"{name}.json").read_bytes())
    refused = problem(api.as_("anna").post(f"{path}/complete", json={"values": values}), 422, "invalid_values")
    assert {error["field"].rpartition(".")[2] for error in refused["errors"]} & set(values)


def test_counts_filters_and_words_agree_with_the_list(api: Api) -> None:
    mine = api.task(api.start("Жанар Сапарова, SUB-9", businessKey="+7 (727) 311-22-33", variables={"amount": 77}))
    other = api.task(api.start("T-81", variables={"amount": 78}))
    anna = api.as_("anna")
    before = answer(anna.get("/v1/tasks/counts"))
    answer(anna.post(f"/v1/tasks/{mine}/claim"))
    after = answer(anna.get("/v1/tasks/counts"))
    assert (after["mine"], after["unassigned"]) == (before["mine"] + 1, before["unassigned"] - 1)
    assert [one["group"] for one in after["groups"]] == ["operator_160"]

    def ids(query: str) -> set[str]:
        return {one["id"] for one in answer(anna.get(f"/v1/tasks?limit=500&{query}"))["items"]}

    assert len(ids("unassigned=true")) == after["unassigned"]
    assert mine not in ids("unassigned=true")
    assert len(ids("group=operator_160")) == after["groups"][0]["open"]
    for q in ("жанар", "SUB-9", "87273112233", "311-22-33", "2233", "сап жан"):
        assert ids(f"q={q}") == {mine}, q
    assert ids("q=SUB-9%20Рассмотреть") == {mine}
    assert ids("variable.amount=78") == {other}
    assert {mine, other} <= ids("dueAfter=2026-03-02T13:00:00Z")
    assert not {mine, other} & ids("dueAfter=2026-03-02T13:00:01Z")
    problem(anna.get("/v1/tasks?variable.a-b=1"), 400, "bad_query")
