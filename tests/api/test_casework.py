"""A case, looked at: its processes, where it stands, its mails, what was said."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from kt_flows.api import casework
from kt_flows.connectors.incoming import read_mail
from kt_flows.connectors.token import issue
from kt_flows.jobs.hands import LEASE
from kt_flows.runtime import mail_arrived, mail_sent, settle
from kt_flows.runtime.deploy import deploy
from kt_flows.security import SERVICE
from kt_flows.store import jobs
from kt_flows.store.tables import mail_in
from support.api import Api, answer, problem
from support.processes import boundary, catch, chain, end, flow, human, package, service, start, timer

REPLY = {"answer_text": "string", "received_at": "timestamp", "answered_by": "string"}
CALL = (
    '<bpmn:callActivity id="call" name="call" calledElement="deep" camunda:calledElementBinding="latest"/>'
    + boundary("late", "call", timer("late", "timeDuration", "PT5H"))
    + end("end_late")
    + flow("late", "end_late")
)
WIDE = package(
    "wide",
    start()
    + '<bpmn:parallelGateway id="fork" name="fork"/><bpmn:parallelGateway id="join" name="join"/>'
    + CALL
    + catch("word", "msg_word")
    + human("quick", "operator_160")
    + end()
    + chain("start", "fork", "call", "join", "end")
    + chain("fork", "word", "join")
    + chain("fork", "quick", "join"),
    variables={"key": "string"},
    messages={"msg_word": {"correlation": ["key"], "payload": {}}},
) | package("deep", start() + human("dig", "operator_160") + end() + chain("start", "dig", "end"))
ASKING = package(
    "asking",
    start()
    + service(
        "ask",
        "email.send",
        {
            "to": "a@provider.kz",
            "template": "word",
            "lang": "ru",
            "correlation_token": "${token}",
            "reply_message": "msg_reply",
        },
    )
    + catch("reply", "msg_reply")
    + human("look", "operator_160")
    + end()
    + chain("start", "ask", "reply", "look", "end"),
    variables={"key": "string", "token": "string"} | REPLY,
    messages={"msg_reply": {"correlation": ["token"], "payload": REPLY}},
) | {f"asking/mail/word.{lang}.txt": "Subject: Дело ${key}\n\nДело ${key}.\n".encode() for lang in ("ru", "kk", "en")}


@pytest.fixture(scope="module", autouse=True)
def deployed(api: Api) -> None:
    deploy(api.runtime, SERVICE, WIDE)
    deploy(api.runtime, SERVICE, ASKING)


def begin(api: Api, process: str, **variables: Any) -> dict[str, Any]:
    body = {"definitionKey": process, "variables": variables}
    return answer(api.as_("anna").post("/v1/instances", json=body), 201)


def look(api: Api, case: dict[str, Any], what: str, by: str = "anna") -> list[dict[str, Any]]:
    return answer(api.as_(by).get(f"/v1/instances/{case['id']}/{what}"))["items"]


def complete(api: Api, case: dict[str, Any], element: str) -> None:
    [task] = [place["taskId"] for place in look(api, case, "tokens") if place["elementId"] == element]
    answer(api.as_("anna").post(f"/v1/tasks/{task}/complete", json={"values": {}}))


def test_the_processes_of_a_case_its_own_first(api: Api) -> None:
    case = begin(api, "wide", key="d")
    items = look(api, case, "definitions")
    casework.BoundDefinitions.model_validate({"items": items})
    assert [(one["key"], one["root"], one["touched"]) for one in items] == [
        ("wide", True, True),
        ("deep", False, True),
    ]
    assert items[0]["id"] == case["definitionId"]
    diagram = api.as_("anna").get(f"/v1/definitions/{items[1]['id']}/bpmn")
    assert diagram.content == WIDE["deep/process.bpmn"]


def test_where_it_stands_in_called_processes_too(api: Api) -> None:
    begun = api.clock.now()
    case = begin(api, "wide", key="t")
    api.clock.set(datetime(2026, 3, 2, 10, tzinfo=UTC))
    places = {(one["definitionKey"], one["elementId"]): one for one in look(api, case, "tokens")}
    casework.Places.model_validate({"items": list(places.values())})
    assert {key: one["kind"] for key, one in places.items()} == {
        ("wide", "call"): "inside",
        ("wide", "late"): "timer",
        ("wide", "word"): "message",
        ("wide", "quick"): "task",
        ("deep", "dig"): "task",
    }
    assert places["wide", "word"]["correlation"] == {"key": "t"}
    assert places["deep", "dig"]["groups"] == ["operator_160"]
    late = places["wide", "late"]
    assert (late["watches"], late["since"], late["dueAt"] > places["deep", "dig"]["since"]) == ("call", None, True)
    assert {datetime.fromisoformat(one["since"]) for one in places.values() if one["since"]} == {begun}
    complete(api, case, "quick")
    [join] = [one for one in look(api, case, "tokens") if one["elementId"] == "join"]
    assert (join["kind"], join["since"]) == ("standing", "2026-03-02T10:00:00Z")
    complete(api, case, "dig")
    assert [one["elementId"] for one in look(api, case, "tokens")].count("join") == 2
    body = {"name": "msg_word", "correlation": {"key": "t"}, "payload": {}, "messageId": "t"}
    answer(api.as_("crm").post("/v1/messages", json=body))
    assert look(api, case, "tokens") == []


def test_a_case_that_is_not_theirs_or_is_no_case(api: Api) -> None:
    case = begin(api, "wide", key="n")
    for part in ("definitions", "tokens", "correspondence", "comments"):
        problem(api.as_("almaty").get(f"/v1/instances/{case['id']}/{part}"), 404, "not_found")
        problem(api.as_("anna").get(f"/v1/instances/none/{part}"), 404, "not_found")


def letter(subject: str, to: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Саппорт <a@provider.kz>", to, subject
    mail["Message-ID"] = f"<{len(subject)}@provider.kz>"
    mail.set_content("Исправлено.")
    mail.add_attachment(b"\x89PNG" * 100, maintype="image", subtype="png", filename="../схема сети.png")
    return mail.as_bytes()


def test_correspondence_there_and_back(api: Api) -> None:
    token = issue("test", "case", "1")
    case = begin(api, "asking", key="К-1", token=token)
    [queued] = look(api, case, "correspondence")
    assert (queued["direction"], queued["state"], queued["to"]) == ("out", "queued", ["a@provider.kz"])
    assert (queued["subject"], queued["text"].strip(), queued["elementId"]) == ("Дело К-1", "Дело К-1.", "ask")
    rt, now = api.runtime, api.clock.now()
    with rt.db.transaction() as tx:
        leased = jobs.lease(tx, not_kinds=(), now=now, lease_for=LEASE, limit=50)
    [job] = [one for one in leased if str(one.instance_id) == case["id"]]
    ids = {"mail_id": job.key.replace(":", "-"), "message_id": "<k1@kt>", "subject_mark": "KT-1"}
    said = {"subject": "Дело К-1 [KT-1]", "text": "Дело К-1."}
    mail_sent.remember(rt, job, recipients=["a@provider.kz"], **ids, **said)
    assert [one["state"] for one in look(api, case, "correspondence")] == ["queued"]
    settle.done(rt, job, {"mail_id": "m", "message_id": "<k1@kt>", "accepted_at": "2026-03-02T09:00:00Z"})
    [sent] = look(api, case, "correspondence")
    assert (sent["state"], sent["subject"], sent["from"]) == ("sent", "Дело К-1 [KT-1]", rt.settings.mail_from)

    for number, subject in enumerate(("Ответ", "Ещё раз")):
        mail = read_mail(letter(subject, f"c+{token}@kt.kz"), now, now)
        sorted_ = mail_arrived.sort_mail(rt, mail)
        assert sorted_.verdict == "answer"
        assert sorted_.mail_id is not None
        if number:  # as a release wrote it that kept no more than the mail itself
            with rt.db.transaction() as tx:
                tx.do(
                    mail_in.update().where(mail_in.c.id == sorted_.mail_id).values(recipients=None, attachments=None)
                )
    items = look(api, case, "correspondence")
    casework.Letters.model_validate({"items": items})
    assert [one["direction"] for one in items] == ["out", "in", "in"]
    for came in items[1:]:
        assert (came["from"], came["text"], came["verdict"]) == ("a@provider.kz", "Исправлено.", "answer")
        assert came["to"] == [f"c+{token}@kt.kz"]
        assert came["attachments"] == [{"name": "схема сети.png", "mediaType": "image/png", "size": 400}]


def test_what_was_said_of_tasks_that_the_caller_may_see(api: Api) -> None:
    case = api.start("said", branch="ALA")
    first = api.task(case)
    answer(api.as_("anna").post(f"/v1/tasks/{first}/comments", json={"text": "раз"}), 201)
    case = answer(api.as_("anna").post(f"/v1/tasks/{first}/complete", json={"values": {"decision": "approve"}}))
    second = api.task(case)
    answer(api.as_("almaty").post(f"/v1/tasks/{second}/comments", json={"text": "два"}), 201)
    said = look(api, case, "comments", "admin")
    casework.Comments.model_validate({"items": said})
    assert [(one["text"], one["actor"], one["taskId"]) for one in said] == [
        ("раз", "anna", first),
        ("два", "almaty", second),
    ]
    assert said[0]["taskName"] == "Рассмотреть заявку"
    assert [one["text"] for one in look(api, case, "comments", "almaty")] == ["два"]
    assert look(api, case, "comments", "crm") == []


def then(api: Api, case: dict[str, Any], at: str) -> dict[str, Any]:
    told = answer(api.as_("anna").get(f"/v1/instances/{case['id']}/then", params={"at": at}))
    casework.Then.model_validate(told)
    return dict(told)


def test_a_case_as_it_was_at_each_line_of_its_history(api: Api) -> None:
    api.clock.set(datetime(2026, 3, 2, 11, tzinfo=UTC))
    case = api.start("then")
    api.clock.set(datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC))
    values = {"decision": "approve", "reason": "хорошо"}
    answer(api.as_("anna").post(f"/v1/tasks/{api.task(case)}/complete", json={"values": values}))
    lines = answer(api.as_("anna").get(f"/v1/instances/{case['id']}/history", params={"limit": 500}))["items"]
    begun, moved = sorted({line["at"] for line in lines})
    at_start, after = then(api, case, begun), then(api, case, moved)
    assert (at_start["at"], at_start["state"], at_start["variables"]) == (begun, "active", case["variables"])
    assert at_start["tokens"] == [{"elementId": "review", "definitionKey": "loan", "since": begun}]
    assert then(api, case, "2026-03-02T12:00:00.123455Z")["variables"] == case["variables"], "a moment before"
    assert after["variables"] == case["variables"] | values
    assert [one["elementId"] for one in after["tokens"]] == ["branch_check"]
    changed = [(line["detail"]["set"], line["detail"]["removed"]) for line in lines if line["kind"] == "changed"]
    assert changed == [(case["variables"], []), (values, [])]
    api.clock.set(datetime(2026, 3, 2, 13, tzinfo=UTC))
    answer(api.as_("chief").post(f"/v1/instances/{case['id']}/cancel", json={"reason": "?"}))
    over = then(api, case, "2027-01-01T00:00:00Z")
    assert (over["state"], over["tokens"], over["variables"]) == ("cancelled", [], after["variables"])
    assert then(api, case, moved)["tokens"] == after["tokens"]


def test_moments_at_which_there_was_no_case(api: Api) -> None:
    case = api.start("never")
    path = f"/v1/instances/{case['id']}/then"
    early = problem(api.as_("anna").get(path, params={"at": "2020-01-01T00:00:00Z"}), 400, "bad_query")
    assert [(fault["field"], fault["code"]) for fault in early["errors"]] == [("at", "too_early")]
    for at in ("yesterday", "2026-03-02T09:00:00", ""):
        problem(api.as_("anna").get(path, params={"at": at}), 400, "bad_query")
    problem(api.as_("anna").get(path), 400, "bad_query")
    problem(api.as_("almaty").get(path, params={"at": "2026-03-02T09:00:00Z"}), 404, "not_found")
