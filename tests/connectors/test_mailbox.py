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
