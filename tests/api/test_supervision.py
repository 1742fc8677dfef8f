"""What a supervisor sees over REST: deadlines, stuck jobs, mail, figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from kt_flows.api.mails import MailInFull
from kt_flows.api.supervision_models import Deadlines
from kt_flows.connectors.incoming import read_mail
from kt_flows.runtime import mail_arrived
from kt_flows.security import Actor
from kt_flows.settings import Settings
from kt_flows.store import mail_list
from support.api import Api, answer, problem


def test_what_breaks_within_a_time(api: Api) -> None:
    """The loan's review is due four hours after its start."""
    task = api.task(api.start("D-1", branch="AST"))
    chief = api.as_("chief")
    now = api.clock.now()
    try:
        soon = answer(chief.get("/v1/deadlines?within=PT5H&branch=AST"))
        Deadlines.model_validate(soon)
        assert soon["tasks"] == {"overdue": 0, "soon": 1}
        assert soon["byBranch"] == [{"key": "AST", "overdue": 0, "soon": 1}]
        assert soon["byPerson"] == [{"key": None, "overdue": 0, "soon": 1}]
        assert soon["byProcess"] == [{"key": "loan", "overdue": 0, "soon": 1}]
        assert [item["taskId"] for item in soon["items"]] == [task]
        assert answer(chief.get("/v1/deadlines?within=PT4H&branch=AST"))["items"] == []
        answer(chief.post(f"/v1/tasks/{task}/assign", json={"assignee": "boris"}))
        api.clock.set(now + timedelta(hours=4, minutes=1))
        late = answer(chief.get("/v1/deadlines?branch=AST"))
        assert (late["tasks"], late["byPerson"][0]["key"]) == ({"overdue": 1, "soon": 0}, "boris")
        assert len(answer(chief.get("/v1/deadlines?assignee=boris"))["items"]) == 1
        assert answer(api.as_("far_chief").get("/v1/deadlines?branch=AST"))["items"] == []
    finally:
        api.clock.set(now)
        api.as_("boris").post(f"/v1/tasks/{task}/complete", json={"values": {"decision": "approve"}})


def test_a_page_after_the_other(api: Api) -> None:
    for number in range(3):
        api.start(f"D-2-{number}", branch="ALA")
    seen, cursor = [], ""
    while cursor is not None:
        found = answer(api.as_("chief").get(f"/v1/deadlines?within=P1D&branch=ALA&limit=2{cursor}"))
        assert found["tasks"]["soon"] == 3
        seen += [item["taskId"] for item in found["items"]]
        cursor = f"&cursor={found['nextCursor']}" if found["nextCursor"] else None
    assert len(set(seen)) == 3


def test_a_length_that_is_none(api: Api) -> None:
    for within in ("tomorrow", "-PT1H", "P32D", "P1M", ""):
        problem(api.as_("chief").get("/v1/deadlines", params={"within": within}), 400, "bad_query")


def put_in(api: Api, raw: bytes) -> str:
    """A mail that nobody's case has asked for; its id."""
    mail = read_mail(raw, None, api.clock.now())
    sorted_ = mail_arrived.sort_mail(api.runtime, mail)
    assert sorted_.mail_id is not None
    return str(sorted_.mail_id)


LETTER = (
    b"From: =?utf-8?B?0JjQstCw0L0=?= <ivan@provider.kz>\r\nTo: complaints@kt.sandbox\r\nSubject: %s\r\n"
    b"X-Odd: \xff\xfe\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\n%s\r\n"
    b'--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="../a.pdf"\r\n\r\n1234\r\n'
    b"--b--\r\n"
)


def test_mail_is_seen_by_whoever_sees_a_case_of_it(api: Api) -> None:
    """The loan stands for the process of unsorted mail: its first task is operator_160's."""
    rt = replace(api.runtime, settings=Settings(mode="sandbox", unsorted_process="loan"))
    lost = put_in(api, LETTER % (b"lost", b"Where is it?"))
    sorting = put_in(api, LETTER % (b"sort me", b"What is it?"))
    case = api.start("M-1", source="mail", businessKey=sorting)
    with rt.reading() as reading:
        for who, seen in (("root", {lost, sorting}), ("anna", {sorting}), ("olga", set())):
            groups = frozenset({"operator_160"} if who == "anna" else {"elsewhere"})
            actor = Actor(who, frozenset({"operator"}), groups, admin=who == "root")
            rows, _ = mail_list.page(reading, actor, "loan", verdict="unsorted", after=None, limit=50)
            assert {str(row.id) for row in rows} == seen
            for row in rows:
                assert (str(row.task_id) == api.task(case)) == (str(row.id) == sorting)
            assert (mail_list.visible(reading, actor, "loan", UUID(lost)) is not None) == (lost in seen)


def test_a_mail_in_full(api: Api) -> None:
    id = put_in(api, LETTER % (b"=?utf-8?B?0J7RgtCy0LXRgg==?=", b"Hello\x00 there"))
    admin = api.as_("admin")
    [first, *_] = answer(admin.get("/v1/mails?verdict=unsorted"))["items"]
    assert (first["id"], first["from"], first["subject"]) == (id, "ivan@provider.kz", "Ответ")
    assert first["attachments"] == [{"name": "a.pdf", "mediaType": "application/pdf", "size": 4}]
    full = answer(admin.get(f"/v1/mails/{id}"))
    MailInFull.model_validate(full)
    assert ["Subject", "Ответ"] in full["headers"]
    assert full["text"] == first["text"] == "Hello there"
    assert answer(admin.get("/v1/mails?verdict=discarded"))["items"] == []
    problem(api.as_("chief").get(f"/v1/mails/{id}"), 404, "not_found")
    problem(admin.get("/v1/mails?verdict=lost"), 400, "bad_query")
    pages = answer(admin.get("/v1/mails?limit=1"))
    assert pages["nextCursor"]
    assert answer(admin.get(f"/v1/mails?limit=1&cursor={pages['nextCursor']}"))["items"][0]["id"] != id
