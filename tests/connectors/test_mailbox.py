"""The mailbox: what nobody has seen, in its order, and seen only when told so."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from kt_flows.clock import FixedClock
from kt_flows.connectors import mailbox
from kt_flows.errors import Temporary
from kt_flows.sandbox.sandbox import Sandbox
from kt_flows.sandbox.switches import Switch
from kt_flows.settings import Settings
from support.imap_script import Answer, imap_script
from support.outside import T0


def arrive(sandbox: Sandbox, *subjects: str) -> None:
    for subject in subjects:
        sandbox.post.deliver(f"Subject: {subject}\r\n\r\ntext".encode(), sender="a@b.kz")


def look(settings: Settings, *, acknowledge: bool) -> list[bytes]:
    with mailbox.opened(settings.imap_url) as box:
        found = []
        for uid in box.unseen():
            one = box.fetch(uid)
            assert one is not None
            found.append(one.raw.partition(b"Subject: ")[2].split(b"\r\n")[0])
            if acknowledge:
                box.acknowledge(uid)
        return found


def test_mail_stays_unseen_until_it_is_acknowledged(sandbox: Sandbox, settings: Settings) -> None:
    arrive(sandbox, "1", "2", "3")
    assert look(settings, acknowledge=False) == [b"1", b"2", b"3"]
    assert look(settings, acknowledge=True) == [b"1", b"2", b"3"]
    arrive(sandbox, "4")
    assert look(settings, acknowledge=False) == [b"4"]


def test_more_than_ten_come_in_the_order_of_arrival(sandbox: Sandbox, settings: Settings) -> None:
    names = [str(number) for number in range(12)]
    arrive(sandbox, *names)
    assert look(settings, acknowledge=True) == [name.encode() for name in names]


def test_a_mail_has_the_time_of_its_arrival(sandbox: Sandbox, settings: Settings, clock: FixedClock) -> None:
    arrive(sandbox, "1")
    clock.advance(timedelta(hours=3))
    with mailbox.opened(settings.imap_url) as box:
        [uid] = box.unseen()
        one = box.fetch(uid)
    assert one is not None
    assert one.internal_date == T0
    assert one.internal_date.tzinfo is UTC


def test_a_mail_that_has_gone_is_none(settings: Settings) -> None:
    with mailbox.opened(settings.imap_url) as box:
        assert box.unseen() == []
        assert box.fetch(7) is None
        box.acknowledge(7)


def test_a_mailbox_that_cannot_be_opened_is_tried_again(sandbox: Sandbox, settings: Settings) -> None:
    assert settings.imap_url is not None
    user, _, rest = settings.imap_url.rpartition("@")
    for url in (settings.imap_url.replace("INBOX", "Nowhere"), f"{user}-no@{rest}", None, ""):
        with pytest.raises(Temporary), mailbox.opened(url):
            pass
    sandbox.tell("imap", Switch("down"))
    with pytest.raises(Temporary), mailbox.opened(settings.imap_url):
        pass


def test_a_server_that_goes_away_in_the_middle_is_tried_again(sandbox: Sandbox, settings: Settings) -> None:
    arrive(sandbox, "1")

    def cut() -> None:
        with mailbox.opened(settings.imap_url) as box:
            [uid] = box.unseen()
            sandbox.tell("imap", Switch("down"))
            box.fetch(uid)

    with pytest.raises(Temporary):
        cut()
    sandbox.tell("imap", Switch())
    assert look(settings, acknowledge=True) == [b"1"]


def script(**refused: str) -> Answer:
    """A server with one mail that is well but for the commands named."""

    def answer(command: str, tag: str) -> list[bytes]:
        word = command.split()[1]
        done = f"{tag} {refused.get(word, 'OK done')}\r\n".encode()
        if word == "SEARCH" and word not in refused:
            return [b"* SEARCH 7\r\n", done]
        if word == "FETCH" and word not in refused:
            return [b'* 1 FETCH (UID 7 INTERNALDATE " 2-Mar-2026 10:00:00 +0500" BODY[]<0> {3}\r\nabc)\r\n', done]
        return [done]

    return answer


@pytest.mark.parametrize("command", ["SEARCH", "FETCH"])
def test_what_a_server_refuses_to_tell_is_not_taken_for_nothing(command: str) -> None:
    server = imap_script(script(**{command: "NO the disk is away"}))
    with server as (url, _), pytest.raises(Temporary, match=command), mailbox.opened(url) as box:
        [box.fetch(uid) for uid in box.unseen()]


def test_a_mark_that_a_server_does_not_set_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with imap_script(script(STORE="NO read only")) as (url, _), mailbox.opened(url) as box:
        box.acknowledge(7)
    assert "could not be marked" in caplog.text


def test_no_more_of_a_mail_is_asked_for_than_fits() -> None:
    with imap_script(script()) as (url, heard):
        with mailbox.opened(url) as box:
            one = box.fetch(7)
        assert one is not None
        assert (one.raw, one.internal_date) == (b"abc", T0)
        assert any(f"BODY.PEEK[]<0.{mailbox.MAX_MAIL}>" in command for command in heard)
