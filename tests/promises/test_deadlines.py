"""The deadlines of the instruction by name, on the whole service and the sandbox clock (clauses 5.2а, 5.2б, 5.4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from support.service import Service, running, until
from support.walk import SUBSCRIBER

ALMATY = ZoneInfo("Asia/Almaty")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("deadlines")) as service:
        yield service


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def forwarded(site: Service, key: str, *, after: str | None = None, branch: str = "ALA") -> str:
    """A cabinet request that the branch handed to the provider, `after` some time."""
    case = site.begin(
        "scheme2_cabinet",
        {
            "request_id": key,
            "branch": branch,
            "subscriber": SUBSCRIBER | {"id": f"S-{key}"},
            "service": "software_rental",
            "problem": "Не запускается",
        },
        businessKey=key,
        source="cabinet",
    )
    if after:
        site.advance(after)
    site.complete(case["id"], "branch_triage", f"branch_{branch}", responsibility="provider", reason="Не наша зона")
    until("the wait for the provider", lambda: waits_for(site, case["id"], "msg_provider_answer"))
    return str(case["id"])


def waits_for(site: Service, id: str, name: str) -> bool:
    return any(
        wait["kind"] == "message" and wait.get("name", wait.get("messageName")) == name
        for wait in site.instance(id)["waits"]
    )


def answer_at(site: Service, id: str, received_at: datetime) -> None:
    """The provider's answer as the mailbox's own server stamped it, whenever it is fetched."""
    variables = site.instance(id)["variables"]
    body = {
        "name": "msg_provider_answer",
        "correlation": {"correlation_token": variables["correlation_token"]},
        "payload": {"answer_text": "Исправлено", "received_at": received_at.isoformat()},
        "messageId": f"answer-{id}-{received_at.isoformat()}",
    }
    answer = site.as_("admin").post("/v1/messages", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"] == "delivered", answer.text


def qualify(site: Service, id: str) -> None:
    site.complete(id, "qualify_answer", "operator_160", final=True, error_class="provider", answer_text="Исправлено")


def compensation_tasks(site: Service, id: str) -> list[str]:
    return [task["elementId"] for task in site.tasks(id) if task["elementId"] == "approve_compensation"]


def test_due_is_appeal_plus_24_hours_not_forwarding_plus_24_hours(site: Service) -> None:
    id = forwarded(site, "late-forward", after="PT20H")
    seen = site.instance(id)["variables"]
    assert moment(seen["due_at"]) - moment(seen["appeal_at"]) == timedelta(hours=24)
    assert moment(seen["due_at"]) - moment(seen["forwarded_at"]) < timedelta(hours=4)


@pytest.mark.acceptance("20")
def test_an_answer_at_exactly_24_hours_is_in_time(site: Service) -> None:
    id = forwarded(site, "exact")
    answer_at(site, id, moment(site.instance(id)["variables"]["due_at"]))
    qualify(site, id)
    assert site.instance(id)["variables"]["breached"] is not True
    assert not compensation_tasks(site, id)


@pytest.mark.acceptance("21")
def test_an_answer_a_millisecond_later_is_a_breach(site: Service) -> None:
    id = forwarded(site, "just-late")
    due = moment(site.instance(id)["variables"]["due_at"])
    site.advance("PT24H1M")
    until("compensation proposed", lambda: compensation_tasks(site, id))
    answer_at(site, id, due + timedelta(milliseconds=1))
    qualify(site, id)
    assert site.instance(id)["variables"]["breached"] is True
    assert compensation_tasks(site, id)


@pytest.mark.acceptance("22")
def test_a_mail_received_in_time_but_fetched_late_is_no_breach(site: Service) -> None:
    """The provisional breach is withdrawn: the task to confirm the free month goes away."""
    id = forwarded(site, "fetched-late")
    due = moment(site.instance(id)["variables"]["due_at"])
    site.advance("PT24H3M")
    until("compensation proposed", lambda: compensation_tasks(site, id))
    answer_at(site, id, due - timedelta(seconds=30))
    qualify(site, id)
    until("the breach withdrawn", lambda: not compensation_tasks(site, id))
    assert site.instance(id)["variables"]["breached"] is False


@pytest.mark.acceptance("22")
def test_a_mail_already_in_the_mailbox_is_fetched_before_the_deadline_is_judged(site: Service) -> None:
    id = forwarded(site, "in-the-box")
    token = site.instance(id)["variables"]["correlation_token"]
    request = next(mail for mail in site.mail() if token in str(mail["headers"]) and mail["subject"])
    reply = EmailMessage()
    reply["From"] = request["to"] if isinstance(request["to"], str) else request["to"][0]
    reply["To"] = {key.lower(): value for key, value in request["headers"].items()}["reply-to"]
    reply["Subject"] = f"Re: {request['subject']}"
    reply["Message-ID"] = "<in-the-box@provider.example>"
    reply.set_content("Исправлено, проверьте.")
    site.advance("PT23H59M")
    answer = site.as_("admin").post(
        "/v1/sandbox/mail", content=reply.as_bytes(), headers={"Content-Type": "message/rfc822"}
    )
    assert answer.is_success, answer.text
    site.advance("PT1H")
    qualify(site, id)
    assert site.instance(id)["variables"]["breached"] is not True
    assert not compensation_tasks(site, id)


@pytest.mark.acceptance("25")
def test_the_vendors_three_days_end_at_midnight_of_the_third_civil_day_in_almaty(site: Service) -> None:
    id = forwarded(site, "vendor")
    before = site.instance(id)["variables"]
    accepted = moment(before["forwarded_at"]).astimezone(ALMATY)
    answer = site.as_("admin").post(
        "/v1/messages",
        json={
            "name": "msg_vendor_escalated",
            "correlation": {"correlation_token": before["correlation_token"]},
            "payload": {},
            "messageId": f"vendor-{id}",
        },
    )
    assert answer.status_code == 200, answer.text
    midnight = datetime(accepted.year, accepted.month, accepted.day, tzinfo=ALMATY) + timedelta(days=4)
    until("the vendor's deadline", lambda: moment(site.instance(id)["variables"]["due_at"]) == midnight)
    site.advance("PT30H")
    assert not compensation_tasks(site, id)
    assert site.instance(id)["variables"]["breached"] is not True
    now = moment(site.as_("admin").get("/v1/sandbox/clock").json()["now"])
    site.advance(f"PT{int((midnight - now.astimezone(UTC)).total_seconds()) + 60}S")
    until("compensation proposed", lambda: compensation_tasks(site, id))


@pytest.mark.acceptance("31")
def test_waiting_goes_on_after_compensation_and_one_month_is_granted_once(site: Service) -> None:
    id = forwarded(site, "silent")
    site.advance("PT25H")
    task = site.task(id, "approve_compensation", "compensation_officer")
    for expected in (200, 409):
        answer = site.as_("compensation_officer").post(
            f"/v1/tasks/{task['id']}/complete", json={"values": {"decision": "approve", "reason": "Срок прошёл"}}
        )
        assert answer.status_code == expected, answer.text
    until("the month granted", lambda: site.instance(id)["variables"].get("compensation_state") == "granted")
    assert waits_for(site, id, "msg_provider_answer")
    site.advance("PT15H")
    now = moment(site.as_("admin").get("/v1/sandbox/clock").json()["now"])
    answer_at(site, id, now)
    qualify(site, id)
    site.complete(id, "deliver_answer", "operator_160")
    closed = until(
        "the case closed",
        lambda: ((seen := site.instance(id))["state"] == "completed" and seen) or None,
    )
    assert closed["variables"]["breached"] is True
    assert closed["variables"]["compensation_state"] == "granted"
    granted = site.as_("admin").get("/v1/sandbox/billing").json()["entitlements"]
    mine = [entitlement for entitlement in granted if entitlement["subscriber_id"] == "S-silent"]
    assert len(mine) == 1, mine
