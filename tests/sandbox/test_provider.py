"""The simulated provider: each behaviour seen in the service's mailbox."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest

from kt_flows.clock import FixedClock
from kt_flows.errors import InvalidValues
from kt_flows.sandbox.sandbox import Sandbox
from support.outside import T0, TOKEN, inbox, letter

Send = Callable[..., None]


def replies(sandbox: Sandbox) -> list[EmailMessage]:
    messages = [email.message_from_bytes(raw, policy=email.policy.default) for raw in inbox(sandbox)]
    return [message for message in messages if isinstance(message, EmailMessage)]


def states(sandbox: Sandbox) -> list[str]:
    return [mail["state"] for mail in sandbox.provider.seen()]


def test_silent_is_what_it_is_until_told_otherwise(sandbox: Sandbox, send: Send) -> None:
    send(letter())
    assert sandbox.provider.behaviour == "silent"
    assert not inbox(sandbox)
    assert states(sandbox) == ["waiting"]


def test_an_answer_comes_at_once_to_reply_to_and_refers_to_the_mail(sandbox: Sandbox, send: Send) -> None:
    sandbox.provider.behave("answers")
    send(letter(1, References="<first@kt.sandbox>"))
    (reply,) = replies(sandbox)
    assert reply["To"] == TOKEN
    assert reply["From"].addresses[0].addr_spec == "provider@vendor-support.sandbox"
    assert reply["Subject"] == "Re: Жалоба абонента [KT-1]"
    assert reply["In-Reply-To"] == "<kt.1@kt.sandbox>"
    assert reply["References"] == "<first@kt.sandbox> <kt.1@kt.sandbox>"
    assert "Auto-Submitted" not in reply
    text = reply.get_content()
    assert text.startswith("Здравствуйте!")
    assert "> Программа не запускается." in text


def test_told_to_answer_it_also_answers_what_is_waiting_once(sandbox: Sandbox, send: Send) -> None:
    send(letter(1), letter(2), letter(1))
    sandbox.provider.behave("answers")
    sandbox.provider.behave("silent")
    sandbox.provider.behave("answers")
    assert sorted(reply["In-Reply-To"] for reply in replies(sandbox)) == ["<kt.1@kt.sandbox>", "<kt.2@kt.sandbox>"]


def test_a_person_does_not_answer_a_reminder_of_a_machine(sandbox: Sandbox, send: Send) -> None:
    sandbox.provider.behave("answers")
    send(letter(1, Auto_Submitted="auto-generated"))
    assert not inbox(sandbox)
    assert states(sandbox) == ["read"]


def test_mail_to_others_is_not_the_providers(sandbox: Sandbox, send: Send) -> None:
    sandbox.provider.behave("answers")
    send(letter(to="aigul@subscriber.example"))
    assert not inbox(sandbox)


def test_late_is_25_hours_after_the_mail_and_stamped_so(sandbox: Sandbox, clock: FixedClock, send: Send) -> None:
    sandbox.provider.behave("late")
    send(letter())
    due = T0 + timedelta(hours=25)
    assert sandbox.provider.next_due() == due
    clock.set(due - timedelta(microseconds=1))
    sandbox.provider.drain()
    assert not inbox(sandbox)
    clock.set(due + timedelta(minutes=7))
    sandbox.provider.drain()
    assert [mail.at for mail in sandbox.mailbox.mails()] == [due]
    assert "Tue, 03 Mar 2026 06:00:00 +0000" in replies(sandbox)[0]["Received"]
    assert sandbox.provider.next_due() is None


def test_a_scheduled_answer_comes_although_the_provider_is_silent_again(
    sandbox: Sandbox, clock: FixedClock, send: Send
) -> None:
    sandbox.provider.behave("late")
    send(letter())
    sandbox.provider.behave("silent")
    clock.advance(timedelta(hours=25))
    sandbox.provider.drain()
    assert len(inbox(sandbox)) == 1


def test_told_to_be_late_it_schedules_what_is_waiting_never_in_the_past(
    sandbox: Sandbox, clock: FixedClock, send: Send
) -> None:
    send(letter(1))
    clock.advance(timedelta(hours=30))
    send(letter(2))
    sandbox.provider.behave("late")
    assert [mail.at for mail in sandbox.mailbox.mails()] == [T0 + timedelta(hours=30)]
    assert sandbox.provider.next_due() == T0 + timedelta(hours=55)


def test_an_out_of_office_note_says_that_it_is_one(sandbox: Sandbox, send: Send) -> None:
    sandbox.provider.behave("auto_reply")
    send(letter(1), letter(2, Auto_Submitted="auto-generated"))
    (note,) = replies(sandbox)
    assert note["Auto-Submitted"] == "auto-replied"
    assert note["Return-Path"] == "<>"
    assert note["In-Reply-To"] == "<kt.1@kt.sandbox>"
    assert states(sandbox) == ["read", "waiting"]


def test_a_bounce_is_a_delivery_status_notification_to_the_envelope_sender(sandbox: Sandbox, send: Send) -> None:
    sandbox.provider.behave("bounces")
    send(letter(), sender="bounce+v1.tok@kt.sandbox")
    (bounce,) = replies(sandbox)
    assert bounce.get_content_type() == "multipart/report"
    assert bounce.get_param("report-type") == "delivery-status"
    assert bounce["Return-Path"] == "<>"
    assert bounce["To"] == "bounce+v1.tok@kt.sandbox"
    _, status, headers = bounce.iter_parts()
    assert status.get_content_type() == "message/delivery-status"
    fields = status.get_payload()[1]
    assert (fields["Action"], fields["Status"]) == ("failed", "5.1.1")
    assert fields["Final-Recipient"] == "rfc822; provider@vendor-support.sandbox"
    assert "Message-ID: <kt.1@kt.sandbox>" in headers.get_content()
    sandbox.provider.behave("answers")
    assert len(inbox(sandbox)) == 1  # mail that never arrived is not answered later


def test_nothing_bounces_to_nobody(sandbox: Sandbox, send: Send) -> None:
    sandbox.provider.behave("bounces")
    send(letter(), sender="<>")
    assert not inbox(sandbox)


def test_the_vendors_fault_is_the_first_word_and_the_answer_comes_when_told(sandbox: Sandbox, send: Send) -> None:
    sandbox.provider.behave("vendor")
    send(letter())
    (claim,) = replies(sandbox)
    assert claim.get_content().startswith("ВЕНДОР: ")
    sandbox.provider.behave("answers")
    claim, answer = replies(sandbox)
    assert "ВЕНДОР" not in answer.get_content()
    assert claim["Message-ID"] != answer["Message-ID"]


def test_the_service_is_told_of_each_reply(sandbox: Sandbox, send: Send) -> None:
    nudged: list[int] = []
    sandbox.nudge = lambda: nudged.append(len(sandbox.mailbox.mails()))
    send(letter(1), letter(2))
    sandbox.provider.behave("answers")
    assert nudged == [1, 2]


def test_another_run_knows_the_behaviour_the_waiting_and_the_scheduled(tmp_path: Path, clock: FixedClock) -> None:
    first = Sandbox(tmp_path, clock)
    first.provider.behave("late")
    first.post.submit("complaints@kt.sandbox", [first.provider_address], letter().as_bytes())
    second = Sandbox(tmp_path, clock)
    assert second.provider.behaviour == "late"
    assert second.provider.next_due() == T0 + timedelta(hours=25)
    clock.advance(timedelta(hours=26))
    second.provider.drain()
    assert len(inbox(second)) == 1
    assert Sandbox(tmp_path, clock).provider.seen()[0]["state"] == "answered"


def test_a_reply_owed_at_a_kill_comes_in_the_next_run(tmp_path: Path, clock: FixedClock) -> None:
    first = Sandbox(tmp_path, clock)
    first.provider.behave("auto_reply")
    first.post.deliver = None  # type: ignore[assignment]  # the process dies here
    with pytest.raises(TypeError):
        first.post.submit("complaints@kt.sandbox", [first.provider_address], letter().as_bytes())
    second = Sandbox(tmp_path, clock)
    second.provider.drain()
    assert len(inbox(second)) == 1


def test_an_unknown_behaviour_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidValues):
        sandbox.provider.behave("angry")
