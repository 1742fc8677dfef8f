"""Mail out and in, on a real database and real mail servers: each once, and to whom it is for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from kt_flows.connectors import token
from kt_flows.errors import Permanent, Temporary
from kt_flows.jobs.handlers import MAIL_POLL, POISONED, SHORT
from kt_flows.runtime import mail_arrived, periodic
from kt_flows.sandbox.switches import Switch
from kt_flows.topics import TOPICS
from support.imap_script import imap_script

from .conftest import Site

REPLY = "From: Поддержка <support@provider.kz>\r\nMessage-ID: <r1@provider.kz>\r\n"


@pytest.fixture
def case(site: Site) -> UUID:
    """A case that waits for a reply to the mail that it has sent."""
    id = site.begin("request")
    assert site.worker().outside_work()
    assert site.elements(id) == ["answer"]
    asked = {
        "to": "provider:default",
        "subject": "Жалоба",
        "body": "Не запускается",
        "correlation_token": site.look(id).variables["token"],
        "reply_message": "msg_reply",
    }
    site.handlers.send(replace(site.job(id), kind="email.send", payload=asked))
    return id


def arrive(site: Site, headers: str, text: str = "Исправлено") -> None:
    site.sandbox.post.deliver(f"{headers}\r\n{text}".encode(), sender="support@provider.kz")


def to_token(site: Site, case: UUID) -> str:
    return f"To: <complaints+{site.look(case).variables['token']}@kt.sandbox>\r\n"


def verdicts(site: Site) -> list[tuple[str, str | None]]:
    return [(mail.verdict, mail.method) for mail in site.mails()]


def test_every_topic_has_somebody_who_does_it(site: Site) -> None:
    assert set(TOPICS) <= set(site.handlers.table) | set(SHORT)
    assert not set(site.handlers.table) & set(SHORT)


def test_a_reply_reaches_its_case(site: Site, case: UUID) -> None:
    arrive(site, REPLY + to_token(site, case))
    assert site.handlers.poll() == {"fetched": 1}
    assert site.elements(case) == ["read"]
    variables = site.look(case).variables
    assert (variables["answer_text"], variables["answered_by"]) == ("Исправлено", "support@provider.kz")
    assert verdicts(site) == [("answer", "token")]
    assert site.handlers.poll() == {"fetched": 0}


@pytest.mark.acceptance("46")
def test_the_same_mail_from_two_fetches_is_one_message(site: Site, case: UUID) -> None:
    site.sandbox.tell("imap", Switch("twice", times=1))
    arrive(site, REPLY + to_token(site, case))
    with ThreadPoolExecutor(2) as pool:  # two processes may look at the mailbox at the same time
        fetched = [future.result() for future in [pool.submit(site.handlers.poll) for _ in range(2)]]
    assert sum(one["fetched"] for one in fetched) >= 2
    assert len(site.mails()) == 1
    assert site.elements(case) == ["read"]
    assert site.lines(case).count("mail.received") == 1
    site.sandbox.mailbox.renumber()  # a mailbox restored from a backup shows all of it again
    for mail in site.sandbox.mailbox.mails():
        site.sandbox.mailbox.mark(mail.uid, frozenset())
    assert site.handlers.poll() == {"fetched": 2}
    assert (len(site.mails()), site.elements(case)) == (1, ["read"])


@pytest.mark.acceptance("52")
def test_our_own_mail_that_comes_back_is_dropped(site: Site, case: UUID) -> None:
    [sent] = site.sandbox.sent_mail()
    arrive(site, "X-Loop: kt-flows\r\nMessage-ID: <x@relay>\r\n" + to_token(site, case))
    arrive(site, f"Message-ID: {sent['headers']['Message-ID']}\r\n" + to_token(site, case))
    site.handlers.poll()
    assert verdicts(site) == [("own", None), ("own", None)]
    assert site.elements(case) == ["answer"]
    assert site.cases("unsorted_mail") == 0


@pytest.mark.acceptance("53")
def test_a_reply_with_its_mark_only_in_the_subject_is_found_and_says_how(site: Site, case: UUID) -> None:
    [sent] = site.sandbox.sent_mail()
    arrive(site, REPLY + f"To: complaints@kt.sandbox\r\nSubject: RE: {sent['subject']} [Ticket#1]\r\n")
    site.handlers.poll()
    assert verdicts(site) == [("answer", "subject")]
    assert site.elements(case) == ["read"]


@pytest.mark.acceptance("48")
def test_a_token_that_nobody_has_issued_touches_no_case(site: Site, case: UUID) -> None:
    [sent] = site.sandbox.sent_mail()
    before = site.look(case)
    wrong = token.issue("another-secret", str(case), "1")
    arrive(
        site,
        REPLY
        + f"To: complaints+{wrong}@kt.sandbox\r\nIn-Reply-To: {sent['headers']['Message-ID']}\r\n"
        + f"Subject: {sent['subject']}\r\n",
    )
    site.handlers.poll()
    assert [mail.verdict for mail in site.mails()] == ["unsorted"]
    assert site.look(case) == before
    assert site.cases("unsorted_mail") == 1
    assert len(site.sandbox.sent_mail()) == 1  # nobody is told whether the guess was near


@pytest.mark.acceptance("50")
def test_an_out_of_office_reply_is_only_a_note(site: Site, case: UUID) -> None:
    arrive(site, REPLY + "Auto-Submitted: auto-replied\r\n" + to_token(site, case), "I am away")
    site.handlers.poll()
    assert verdicts(site) == [("automatic", "token")]
    assert site.elements(case) == ["answer"]
    assert "mail.automatic" in site.lines(case)
    assert site.cases("unsorted_mail") == 0


def test_what_fits_nowhere_is_one_person_s_task(site: Site) -> None:
    arrive(site, REPLY + "To: complaints@kt.sandbox\r\nSubject: Прайс\r\n")
    site.handlers.poll()
    assert site.cases("unsorted_mail") == 1


def test_a_mail_that_cannot_be_taken_in_does_not_hold_the_next_one(
    site: Site, case: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(site, "Message-ID: <bad@x>\r\nSubject: bad\r\n")
    arrive(site, REPLY + to_token(site, case))
    take_in = type(site.handlers).take_in

    def fails(self: Any, found: Any) -> None:
        if b"<bad@x>" in found.raw:
            raise RuntimeError("a fault of ours")
        take_in(self, found)

    monkeypatch.setattr(type(site.handlers), "take_in", fails)
    with pytest.raises(Temporary, match="1 mails"):
        site.handlers.poll()
    assert site.elements(case) == ["read"]
    monkeypatch.undo()
    assert site.handlers.poll() == {"fetched": 1}


def test_a_mail_that_breaks_what_it_touches_is_a_person_s_at_its_third_time(
    site: Site, case: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(site, "Message-ID: <bad@x>\r\n" + to_token(site, case))

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(mail_arrived, "sort_mail", fails)
    for _ in range(POISONED - 1):
        with pytest.raises(Temporary):
            site.handlers.poll()
        assert site.mails() == []
    assert site.handlers.poll() == {"fetched": 1}
    assert site.handlers.poll() == {"fetched": 0}
    assert verdicts(site) == [("unsorted", "fault")]
    assert b"<bad@x>" in site.mails()[0].raw
    assert site.cases("unsorted_mail") == 1
    assert site.elements(case) == ["answer"]


def test_a_mail_that_finds_no_database_comes_again_as_often_as_it_takes(
    site: Site, case: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(site, REPLY + to_token(site, case))

    def gone(*_: Any, **__: Any) -> None:
        raise OperationalError("x", {}, Exception("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(mail_arrived, "sort_mail", gone)
        for _ in range(POISONED + 2):
            with pytest.raises(OperationalError):
                site.handlers.poll()
    assert site.handlers.poll() == {"fetched": 1}
    assert site.elements(case) == ["read"]


@pytest.mark.parametrize("refuses", [True, False])
def test_a_mail_that_was_not_fetched_is_never_marked_as_seen(site: Site, refuses: bool) -> None:
    def answer(command: str, tag: str) -> list[bytes]:
        done = f"{tag} OK done\r\n".encode()
        if "SEARCH" in command:
            return [b"* SEARCH 7\r\n", done]
        return [f"{tag} NO the disk is away\r\n".encode() if refuses and "FETCH" in command else done]

    with imap_script(answer) as (url, heard):
        settings = site.rt.settings.model_copy(update={"imap_url": url})
        handlers = replace(site.handlers, rt=replace(site.rt, settings=settings))
        if refuses:
            with pytest.raises(Temporary, match="FETCH"):
                handlers.poll()
        else:  # another process has it by now
            assert handlers.poll() == {"fetched": 0}
    assert any("FETCH" in command for command in heard)
    assert not any("STORE" in command for command in heard)


def test_mail_that_comes_while_the_mailbox_is_being_read_is_read_right_after(site: Site) -> None:
    worker = site.worker()
    worker.keep_mail_poll()
    job = site.claim()
    assert job.kind == MAIL_POLL
    site.handlers.poll()
    arrive(site, REPLY + "To: complaints@kt.sandbox\r\n")
    site.clock.advance(timedelta(seconds=1))
    periodic.nudge(site.rt, MAIL_POLL)
    periodic.again(site.rt, job)
    assert worker.outside_work()
    assert len(site.mails()) == 1
    assert not worker.outside_work()


def test_a_group_without_an_address_is_named_in_the_result(site: Site) -> None:
    id = site.begin("request")
    asked = {"to": ["group:nobody", "provider:default"], "subject": "Жалоба", "body": "."}
    sent = site.handlers.send(replace(site.job(id), kind="email.send", payload=asked))
    assert sent["skipped"] == ["nobody"]
    assert set(sent) == set(TOPICS["email.send"].outputs)


def test_a_bounce_is_noted_in_the_case_of_the_mail_that_it_returns(site: Site, case: UUID) -> None:
    [sent] = site.sandbox.sent_mail()
    arrive(
        site,
        "From: MAILER-DAEMON@mx.kz\r\nMessage-ID: <d@mx>\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n",
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {sent['headers']['Message-ID']}\r\n\r\n--b--",
    )
    site.handlers.poll()
    assert verdicts(site) == [("bounce", "bounce")]
    assert "mail.bounced" in site.lines(case)
    assert site.elements(case) == ["answer"]


def test_a_repeated_token_job_issues_the_same_token(site: Site) -> None:
    site.begin("request")
    job = site.claim()
    assert site.handlers.issue(job) == site.handlers.issue(job)


def test_a_kind_that_nobody_does_is_refused_for_good(site: Site) -> None:
    id = site.begin("line", subscriber_id="S-1")
    with pytest.raises(Permanent) as caught:
        site.handlers.run(replace(site.job(id), kind="weather.ask"))
    assert caught.value.code == "topic.unknown"
