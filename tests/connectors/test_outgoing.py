"""Letters: whom they go to, what leads a reply back, and what a mail server may say to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kt_flows.clock import FixedClock
from kt_flows.connectors import token
from kt_flows.connectors.outgoing import Outgoing
from kt_flows.errors import Permanent, Temporary
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
from kt_flows.settings import Settings
from support.sockets import talking

TOKEN = token.issue("s" * 32, "case", "7")
HOSTILE: Mapping[str, str] = json.loads(
    (Path(__file__).parents[1] / "data" / "mail" / "10_header_injection_subject.json").read_text(encoding="utf-8")
)


def asked(**more: Any) -> dict[str, Any]:
    plain = {"to": "provider:default", "subject": "Жалоба абонента", "body": "Не запускается.\n.точка\n"}
    return plain | {"correlation_token": TOKEN, "reply_message": "msg_provider_answer"} | more


@pytest.fixture
def outgoing(settings: Settings, clock: FixedClock) -> Outgoing:
    return Outgoing(settings, clock)


@pytest.mark.acceptance("7")
def test_a_request_goes_to_the_provider_and_leads_its_reply_back(
    outgoing: Outgoing, sandbox: Sandbox, settings: Settings, clock: FixedClock
) -> None:
    letter = outgoing.letter(asked(), "case:7")
    outgoing.send(letter)
    clock.advance(timedelta(hours=1))
    again = outgoing.letter(asked(), "case:7")
    outgoing.send(again)
    assert again.message_id == letter.message_id
    assert outgoing.letter(asked(), "case:8").message_id != letter.message_id

    first, second = sandbox.sent_mail()
    assert first["headers"]["Message-ID"] == second["headers"]["Message-ID"] == letter.message_id
    assert first["to"] == settings.providers["default"]
    assert first["from"] == settings.mail_from
    assert token.tokens_in(first["headers"]["Reply-To"]) == (TOKEN,)
    assert token.marks_in(first["subject"]) == (letter.subject_mark,)
    assert first["headers"]["X-Loop"] == "kt-flows"
    assert first["text"].rstrip() == asked()["body"].rstrip()
    assert (letter.token, letter.recipients) == (TOKEN, (settings.providers["default"],))


def test_a_request_is_a_person_s_mail_and_a_reminder_a_program_s(outgoing: Outgoing) -> None:
    assert outgoing.letter(asked(), "k").message["Auto-Submitted"] is None
    reminder = outgoing.letter(asked(automatic=True), "k").message
    assert reminder["Auto-Submitted"] == "auto-generated"
    assert reminder["X-Auto-Response-Suppress"] == "All"


def test_mail_that_wants_no_reply_has_neither_token_nor_mark(outgoing: Outgoing) -> None:
    letter = outgoing.letter({"to": "a@b.kz", "subject": "Ответ", "body": "Исправлено"}, "k")
    assert letter.message["Reply-To"] is None
    assert letter.message["Subject"] == "Ответ"


@pytest.mark.parametrize(
    ("to", "addresses"),
    [
        ("a@b.kz", ("a@b.kz",)),
        (" a@b.kz ", ("a@b.kz",)),
        ("provider:default", ("default@p.kz",)),
        ("group:line", ("line@kt.kz",)),
        (["group:line", "group:nobody", "a@b.kz", "a@b.kz"], ("line@kt.kz", "a@b.kz")),
        ("group:branch_specialist:ALM", ("alm@kt.kz",)),
    ],
)
def test_roles_become_the_site_s_addresses(to: Any, addresses: tuple[str, ...], clock: FixedClock) -> None:
    groups = {"line": "line@kt.kz", "branch_specialist:ALM": "alm@kt.kz"}
    settings = Settings(mode="sandbox", providers={"default": "default@p.kz"}, group_mail=groups)
    found, skipped = Outgoing(settings, clock).recipients(to)
    assert found == addresses
    assert skipped == (("nobody",) if "group:nobody" in to else ())


@pytest.mark.parametrize(
    "to",
    [
        "provider:nobody",
        "group:nobody",
        "",
        [],
        None,
        "not an address",
        "a@b.kz, c@d.kz",
        "Имя <a@b.kz>",
        "a@b.kz\nBcc: x@y.kz",
        HOSTILE["to"],
        HOSTILE["reply_to"],
    ],
)
def test_who_is_no_one_address_gets_no_mail(outgoing: Outgoing, to: Any) -> None:
    with pytest.raises(Permanent) as caught:
        outgoing.letter(asked(to=to), "k")
    assert caught.value.code == "mail.rejected"


def test_a_line_break_in_a_subject_begins_no_header(outgoing: Outgoing, sandbox: Sandbox) -> None:
    outgoing.send(outgoing.letter(asked(subject=HOSTILE["subject"]), "k"))
    [sent] = sandbox.sent_mail()
    assert "Bcc" not in sent["headers"]
    assert sent["subject"].startswith("Fault Bcc: victim@evil.example hello")
    assert "hello" not in sent["text"]


def test_a_token_that_would_be_a_header_is_refused(outgoing: Outgoing) -> None:
    with pytest.raises(Permanent) as caught:
        outgoing.letter(asked(correlation_token="x\r\nBcc: a@b.kz"), "k")
    assert caught.value.code == "mail.rejected"


def test_a_server_that_says_later_is_asked_again(outgoing: Outgoing, sandbox: Sandbox) -> None:
    sandbox.tell("smtp", Switch("temporary", times=1))
    letter = outgoing.letter(asked(), "k")
    with pytest.raises(Temporary):
        outgoing.send(letter)
    outgoing.send(letter)
    assert len(sandbox.sent_mail()) == 1


def test_a_server_that_says_no_is_believed(outgoing: Outgoing, sandbox: Sandbox) -> None:
    sandbox.tell("smtp", Switch("reject"))
    with pytest.raises(Permanent) as caught:
        outgoing.send(outgoing.letter(asked(), "k"))
    assert caught.value.code == "mail.rejected"


def test_one_wrong_address_among_two_does_not_keep_the_other_from_its_mail(
    outgoing: Outgoing, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.tell("smtp", Switch("reject", address="gone@b.kz"))
    outgoing.send(outgoing.letter(asked(to=["gone@b.kz", "here@b.kz"]), "k"))
    [sent] = sandbox.sent_mail()
    assert sent["to"] == "here@b.kz"
    assert "not taken" in caplog.text


def test_who_was_put_off_gets_the_mail_later_and_nobody_gets_it_twice(outgoing: Outgoing, sandbox: Sandbox) -> None:
    sandbox.tell("smtp", Switch("temporary", times=2, address="slow@b.kz"))
    letter = outgoing.letter(asked(to=["slow@b.kz", "here@b.kz"]), "k")
    for _ in range(2):
        with pytest.raises(Temporary, match="451"):
            outgoing.send(letter)
    outgoing.send(letter)
    assert [mail["to"] for mail in sandbox.sent_mail()] == ["slow@b.kz", "here@b.kz"]  # newest first


def test_who_was_put_off_and_then_refused_does_not_undo_the_mail_that_others_have(
    outgoing: Outgoing, sandbox: Sandbox
) -> None:
    letter = outgoing.letter(asked(to=["slow@b.kz", "here@b.kz"]), "k")
    sandbox.tell("smtp", Switch("temporary", times=1, address="slow@b.kz"))
    with pytest.raises(Temporary):
        outgoing.send(letter)
    sandbox.tell("smtp", Switch("reject", address="slow@b.kz"))
    outgoing.send(letter)
    assert [mail["to"] for mail in sandbox.sent_mail()] == ["here@b.kz"]


@pytest.mark.parametrize(
    ("greeting", "said"),
    [(b"554 5.7.1 not from your network\r\n", "does not take us: 554"), (b"", "cannot be reached")],
)
def test_a_server_that_does_not_take_us_or_says_nothing_is_no_judge_of_the_mail(
    clock: FixedClock, monkeypatch: pytest.MonkeyPatch, greeting: bytes, said: str
) -> None:
    monkeypatch.setattr("kt_flows.connectors.outgoing.TIMEOUT", 0.3)
    with talking(greeting) as port:
        settings = Settings(mode="sandbox", mail_from="kt@kt.kz", smtp_url=f"smtp://127.0.0.1:{port}")
        there = Outgoing(settings, clock)
        with pytest.raises(Temporary, match=said):
            there.send(there.letter(asked(to="a@b.kz"), "k"))


def test_a_server_that_is_away_is_asked_again(outgoing: Outgoing, sandbox: Sandbox, clock: FixedClock) -> None:
    sandbox.tell("smtp", Switch("down"))
    with pytest.raises(Temporary):
        outgoing.send(outgoing.letter(asked(), "k"))
    nowhere = Outgoing(Settings(mode="sandbox", mail_from="kt@kt.kz", providers={"default": "a@b.kz"}), clock)
    with pytest.raises(Temporary, match="KT_FLOWS_SMTP_URL"):
        nowhere.send(nowhere.letter(asked(), "k"))


def test_a_mail_taken_by_a_server_that_then_hangs_up_goes_again_under_its_id(
    outgoing: Outgoing, sandbox: Sandbox
) -> None:
    sandbox.tell("smtp", Switch("drop", times=1))
    letter = outgoing.letter(asked(), "k")
    with pytest.raises(Temporary):
        outgoing.send(letter)
    outgoing.send(letter)
    assert {mail["headers"]["Message-ID"] for mail in sandbox.sent_mail()} == {letter.message_id}
