"""Mail: each once, to its case by token, References or mark; what is automatic stops no clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from kt_flows.mail import IncomingMail
from kt_flows.runtime import mail_arrived, mail_sent, operate, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE, Actor
from kt_flows.store import history, jobs

CRM = Actor("crm", frozenset({"crm"}))
TOKEN = "v1.aaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbb"


def mail(**more: Any) -> IncomingMail:
    plain: dict[str, Any] = {
        "message_id": "<r1@provider>",
        "digest": "d1",
        "received_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "sender": "support@provider.kz",
        "recipients": ("complaints@kt.kz",),
        "subject": "Re: запрос",
        "text": "Исправлено.",
        "first_line": "Исправлено.",
        "in_reply_to": (),
        "references": (),
        "tokens": (),
        "marks": (),
        "automatic": False,
        "own": False,
        "bounce_of": None,
        "attachments": (),
        "raw": b"raw",
    }
    return IncomingMail(**{**plain, **more})


@pytest.fixture
def case(rt: Runtime) -> UUID:
    """A case that has sent one mail."""
    id = start.start(rt, CRM, definition_key="ask", variables={"subscriber_id": "S"}).instance.id
    with rt.reading() as reading:
        [job] = jobs.live_of(reading, id).values()
    asked = {
        "correlation_token": TOKEN,
        "reply_message": "msg_answer",
        "reply_keywords": {"эскалация": "msg_escalated"},
    }
    sent = jobs.JobView(**{name: getattr(job, name) for name in job.__slots__} | {"payload": asked})
    for _ in range(2):
        said = {"subject": "Обращение", "text": "Здравствуйте."}
        ids = {"mail_id": "mail-1", "message_id": "<o1@kt>", "subject_mark": "KT-ABCD"}
        mail_sent.remember(rt, sent, recipients=["support@provider.kz"], **ids, **said)
    return id


def kinds(rt: Runtime, case: UUID) -> list[str]:
    with rt.reading() as reading:
        lines = history.page(reading, case, after=None, limit=99)[0]
    return [line.kind for line in lines if line.kind.startswith("mail.")]


@pytest.mark.acceptance("53")
@pytest.mark.parametrize(
    "sign",
    [
        {"tokens": (TOKEN,)},
        {"in_reply_to": ("<o1@kt>",)},
        {"references": ("<x@y>", "<o1@kt>")},
        {"marks": ("KT-ABCD",)},
    ],
)
def test_a_reply_finds_its_case(rt: Runtime, case: UUID, sign: dict[str, Any]) -> None:
    found = mail_arrived.sort_mail(rt, mail(**sign))
    assert (found.verdict, found.instance_id, found.message, found.token) == ("answer", case, "msg_answer", TOKEN)
    assert kinds(rt, case) == ["mail.received"]


@pytest.mark.acceptance("46")
def test_a_reply_that_a_kill_came_after_goes_its_way_again(rt: Runtime, case: UUID) -> None:
    first = mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,)))
    again = mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,)))
    assert again == first
    assert kinds(rt, case) == ["mail.received"]
    assert first.mail_id is not None
    mail_arrived.handed_over(rt, first.mail_id)
    assert mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,))).verdict == "duplicate"


def test_a_keyword_in_the_first_line_is_another_message(rt: Runtime, case: UUID) -> None:
    found = mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,), first_line="ЭСКАЛАЦИЯ: передано вендору"))
    assert found.message == "msg_escalated"


@pytest.mark.acceptance("48")
def test_a_token_that_is_nobodys_is_not_helped_by_other_signs(rt: Runtime, case: UUID) -> None:
    found = mail_arrived.sort_mail(rt, mail(tokens=("v1.guess.guess",), in_reply_to=("<o1@kt>",)))
    assert (found.verdict, found.instance_id) == ("unsorted", None)


@pytest.mark.acceptance("50")
def test_automatic_replies_and_bounces_are_no_answers(rt: Runtime, case: UUID) -> None:
    assert mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,), automatic=True)).verdict == "automatic"
    bounced = mail_arrived.sort_mail(rt, mail(message_id="<b@mx>", digest="d2", automatic=True, bounce_of="<o1@kt>"))
    assert (bounced.verdict, bounced.bounced_mail_id) == ("bounce", "mail-1")
    assert kinds(rt, case) == ["mail.automatic", "mail.bounced"]


@pytest.mark.acceptance("52")
def test_our_own_mail_is_dropped(rt: Runtime, case: UUID) -> None:
    assert mail_arrived.sort_mail(rt, mail(message_id="<o1@kt>", digest="d3", tokens=(TOKEN,))).verdict == "own"
    assert mail_arrived.sort_mail(rt, mail(message_id="<o2@kt>", digest="d4", own=True)).verdict == "own"


def test_what_comes_after_the_end_and_what_fits_nowhere_is_for_a_person(rt: Runtime, case: UUID) -> None:
    operate.cancel(rt, SERVICE, case, "ошибка")
    assert mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,))).verdict == "late"
    assert mail_arrived.sort_mail(rt, mail(message_id="<s@spam>", digest="d5")).verdict == "unsorted"


def test_a_repeated_message_id_with_another_body_is_another_mail(rt: Runtime, case: UUID) -> None:
    first = mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,)))
    other = mail_arrived.sort_mail(rt, mail(tokens=(TOKEN,), digest="another"))
    assert other.verdict == "answer"
    assert other.mail_id != first.mail_id
