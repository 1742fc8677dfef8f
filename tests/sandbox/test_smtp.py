"""The SMTP server with smtplib: what is kept, what is delivered, and each fault."""

from __future__ import annotations

import email
import smtplib
from collections.abc import Callable

import pytest

from kt_flows.clock import FixedClock
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
from support.outside import T0, inbox, letter, smtp

Send = Callable[..., None]


def test_a_mail_is_listed_as_the_service_sent_it(sandbox: Sandbox, send: Send) -> None:
    send(letter())
    (item,) = sandbox.sent_mail()
    assert item["at"] == "2026-03-02T05:00:00Z"
    assert item["from"] == "complaints@kt.sandbox"
    assert item["to"] == "provider@vendor-support.sandbox"
    assert item["subject"] == "Жалоба абонента [KT-1]"
    assert item["text"] == "Программа не запускается.\n.точка в начале строки\n"
    assert item["headers"]["Reply-To"] == "complaints+v1.tok@kt.sandbox"
    assert item["headers"]["Received"].endswith("Mon, 02 Mar 2026 05:00:00 +0000")


def test_the_newest_is_first_and_the_same_message_id_twice_is_kept_twice(sandbox: Sandbox, send: Send) -> None:
    send(letter(1), letter(2), letter(1))
    subjects = [item["subject"][-5:-1] for item in sandbox.sent_mail()]
    assert subjects == ["KT-1", "KT-2", "KT-1"]


def test_all_recipients_of_the_envelope_are_listed(sandbox: Sandbox, send: Send) -> None:
    send(letter(), to=["a@subscriber.example", "b@subscriber.example"])
    assert sandbox.sent_mail()[0]["to"] == "a@subscriber.example, b@subscriber.example"


@pytest.mark.parametrize("address", ["complaints@kt.sandbox", "complaints+v1.Tok@kt.sandbox", "bounce+x@KT.sandbox"])
def test_mail_from_outside_to_the_services_mailbox_is_delivered_not_listed(
    sandbox: Sandbox, send: Send, address: str
) -> None:
    nudged = []
    sandbox.nudge = lambda: nudged.append(len(sandbox.mailbox.mails()))
    send(letter(to=address), sender="somebody@elsewhere.example")
    assert nudged == [1]
    assert not sandbox.sent_mail()
    (mail,) = sandbox.mailbox.mails()
    assert mail.at == T0
    delivered = email.message_from_bytes(inbox(sandbox)[0])
    assert "Mon, 02 Mar 2026 05:00:00 +0000" in delivered["Received"]
    assert delivered["Return-Path"] == "<somebody@elsewhere.example>"


def test_the_services_mail_to_itself_is_both_sent_and_delivered(sandbox: Sandbox, send: Send) -> None:
    send(letter(to="complaints@kt.sandbox"))
    assert len(sandbox.sent_mail()) == len(inbox(sandbox)) == 1


def test_mail_is_delivered_although_the_service_cannot_be_told(sandbox: Sandbox, send: Send) -> None:
    def nudge() -> None:
        raise ConnectionError("no database")

    sandbox.nudge = nudge
    send(letter(to="complaints@kt.sandbox"), sender="x@elsewhere.example")
    assert len(inbox(sandbox)) == 1


def test_a_temporary_refusal_as_often_as_told_then_all_is_well(sandbox: Sandbox, send: Send) -> None:
    sandbox.tell("smtp", Switch("temporary", times=2))
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(letter())
        assert refused.value.recipients[sandbox.provider_address][0] == 451
    send(letter())
    assert len(sandbox.sent_mail()) == 1


def test_one_address_is_refused_for_good_others_are_not(sandbox: Sandbox, send: Send) -> None:
    sandbox.tell("smtp", Switch("reject", address="gone@subscriber.example"))
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(letter(to="gone@subscriber.example"))
    assert refused.value.recipients["gone@subscriber.example"][0] == 550
    send(letter())
    assert [item["to"] for item in sandbox.sent_mail()] == [sandbox.provider_address]


def test_a_connection_dropped_before_250_has_left_the_mail(sandbox: Sandbox, send: Send) -> None:
    sandbox.tell("smtp", Switch("drop", times=1))
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(letter())
    send(letter())
    assert len(sandbox.sent_mail()) == 2


def test_an_outage_refuses_connections_and_ends_at_the_same_address(sandbox: Sandbox, send: Send) -> None:
    address = sandbox.smtp_url
    with smtp(sandbox) as open_before:
        sandbox.tell("smtp", Switch("down"))
        with pytest.raises(smtplib.SMTPServerDisconnected):
            open_before.noop()
        open_before.close()
    with pytest.raises(ConnectionRefusedError):
        smtp(sandbox)
    sandbox.tell("smtp", Switch())
    assert sandbox.smtp_url == address
    send(letter())


def test_time_of_arrival_is_the_given_clocks(sandbox: Sandbox, clock: FixedClock, send: Send) -> None:
    clock.set(T0.replace(day=3))
    send(letter())
    assert sandbox.sent_mail()[0]["at"] == "2026-03-03T05:00:00Z"
